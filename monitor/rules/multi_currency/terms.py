"""What the tables say about a pool over all coins; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.domain.tables import BorrowTiers, CollateralTiers
from monitor.rules.exact import exact
from monitor.rules.multi_currency.documents import Documents
from monitor.rules.terms import PositionLookup, PositionTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinTerms:
    """A coin of a pool with its positions and tables. `constant` is its equity but for what the positions are worth.

    `ratios` None: its equity never counts (never above 0, or switched off). `rates` None: it never needs margin as borrowed.
    `loan` is None where what is borrowed is what the equity is short of.
    """

    coin: str
    positions: tuple[PositionTerms, ...]
    constant: Decimal
    loan: Decimal | None
    is_collateral: bool
    ratios: CollateralTiers | None
    rates: BorrowTiers | None


def coins_of(
    pool: PoolHoldings, terms: tuple[PositionTerms, ...], lookup: PositionLookup, documents: Documents
) -> tuple[CoinTerms, ...]:
    """The coins that make a pool's figures, sorted. Tables are needed where positions or prices may come to need them."""
    found = []
    for coin in sorted(pool.wallets):
        own = tuple(term for term in terms if term.settle_asset == coin)
        with exact():
            constant = pool.wallets[coin] - sum((term.position.cost for term in own), Decimal(0))
        loan = pool.borrowed.get(coin, Decimal(0)) if documents.margins_loans else None
        if not own and constant == 0 and not loan:
            continue
        is_collateral = coin not in pool.not_collateral
        may_borrow = bool(own) or constant < 0 if loan is None else loan > 0
        found.append(
            CoinTerms(
                coin=coin,
                positions=own,
                constant=constant,
                loan=loan,
                is_collateral=is_collateral,
                ratios=lookup.collateral_tiers(coin) if is_collateral and (own or constant > 0) else None,
                rates=lookup.borrow_tiers(coin) if may_borrow else None,
            )
        )
    return tuple(found)
