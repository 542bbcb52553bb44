"""A pool over all coins at given prices, in USD. Pools of one coin are the shared form (`monitor.rules.single_currency`).

C = sum over coins of counted equity * index - what the account gives as owed
M = sum over coins of (margin of positions + of what is borrowed) * index + that of positions that are not told
counted: slices of a positive equity (by quantity, of some venues by value) at their ratios; a negative one in full
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.domain.tables import ClassWeights
from monitor.rules.coin_tiers import INITIAL, MAINTENANCE, borrow_margin, counted_quantity
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.multi_currency.coins import CoinValue
from monitor.rules.multi_currency.documents import OTHER_MAINTENANCE, Documents
from monitor.rules.multi_currency.extra_margin import ExtraValue
from monitor.rules.multi_currency.terms import CoinTerms, coins_of
from monitor.rules.positions import PositionValue, leverage_reasons, order_reasons, value_position
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.stress import StressFold
from monitor.rules.terms import PositionLookup

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A pool valued exactly, with everything that its figures are made of, in canonical order."""

    pool: PoolHoldings
    positions: tuple[PositionValue, ...]
    coins: tuple[CoinValue, ...]
    figures: PoolFigures
    extra: ExtraValue
    verified: bool


def value_pool(pool: PoolHoldings, tables: Tables, prices: Prices, documents: Documents) -> Valuation | Missing:
    """The pool valued exactly, or what is missing."""
    lookup = documents.lookup(tables)
    lookup.miss(*pool.unknown)
    terms = lookup.positions(pool)
    marks = {term.mark: lookup.price(term.mark, prices) for term in terms}
    positions = tuple(value_position(term, mark) for term in terms if (mark := marks[term.mark]) is not None)
    weights = lookup.weights()
    coins = []
    for coin in coins_of(pool, terms, lookup, documents):
        index = lookup.price(index_driver(documents.venue, coin.coin), prices)
        if index is not None:
            own = [value for value in positions if value.terms.settle_asset == coin.coin]
            coins.append(_coin(coin, own, pool.wallets[coin.coin], index, documents))
    extra = _extra(positions, tuple(coins), lookup, documents)
    if lookup.reasons or weights is None:
        return Missing(lookup.reasons)
    return Valuation(
        pool=pool,
        positions=positions,
        coins=tuple(coins),
        figures=_figures(pool, positions, tuple(coins), weights, extra, documents),
        extra=extra,
        verified=lookup.verified,
    )


def _extra(
    positions: tuple[PositionValue, ...], coins: tuple[CoinValue, ...], lookup: PositionLookup, documents: Documents
) -> ExtraValue:
    """What the positions need together; nothing while something else is missing."""
    if documents.extra is None or lookup.reasons:
        return ExtraValue()
    found = documents.extra.value(positions, {coin.coin: coin.index for coin in coins}, lookup)
    return ExtraValue() if found is None else found


def initial_reason(pool: PoolHoldings, documents: Documents) -> str | None:
    """Why the initial margin of a pool is not known, None when it is. By scenarios no leverage is needed."""
    unknown = [*(leverage_reasons(pool) if documents.needs_leverage else []), *order_reasons(pool)]
    if OTHER_MAINTENANCE in pool.venue_given:
        unknown.append("initial margin of the positions that are not told not known")
    return "; ".join(dict.fromkeys(unknown)) or None


def _coin(terms: CoinTerms, own: list[PositionValue], wallet: Decimal, index: Decimal, documents: Documents) -> CoinValue:
    with exact():
        equity = sum((value.unrealised_pnl for value in own), wallet)
        borrowed = max(-equity, _ZERO) if terms.loan is None else terms.loan
        return CoinValue(
            coin=terms.coin,
            equity=equity,
            collateral_value=_collateral_value(terms, equity, index, documents),
            position_maintenance=sum((value.maintenance_margin for value in own), _ZERO),
            position_initial=sum((value.initial_margin or _ZERO for value in own), _ZERO),
            borrow_maintenance=_ZERO if terms.rates is None else borrow_margin(borrowed, terms.rates, MAINTENANCE),
            borrow_initial=_ZERO if terms.rates is None else borrow_margin(borrowed, terms.rates, INITIAL),
            index=index,
        )


def _collateral_value(terms: CoinTerms, equity: Decimal, index: Decimal, documents: Documents) -> Decimal:
    """What the equity counts for in USD. Call inside `exact()`."""
    if equity <= 0:
        return equity * index
    if not terms.is_collateral or terms.ratios is None:
        return _ZERO
    if documents.tiers_by_value:
        return counted_quantity(equity * index, terms.ratios)
    return counted_quantity(equity, terms.ratios) * index


def _figures(
    pool: PoolHoldings,
    positions: tuple[PositionValue, ...],
    coins: tuple[CoinValue, ...],
    weights: ClassWeights,
    extra: ExtraValue,
    documents: Documents,
) -> PoolFigures:
    reason = initial_reason(pool, documents)
    fold = StressFold()
    owed, maintenance = documents.given(pool)
    initial = extra.initial_margin
    with exact():
        maintenance += extra.maintenance_margin
        collateral = -owed
        for coin in coins:
            collateral += coin.collateral_value
            maintenance += (coin.position_maintenance + coin.borrow_maintenance) * coin.index
            initial += (coin.position_initial + coin.borrow_initial) * coin.index
            # Tiers by value move with the price: there the whole value is exposed.
            exposed = coin.equity * coin.index if documents.tiers_by_value else coin.collateral_value
            fold.add(weights.of(coin.coin), exposed)
        rates = {coin.coin: coin.index for coin in coins}
        for value in positions:
            fold.add(weights.of(value.terms.instrument.base), value.exposure * rates[value.terms.settle_asset])
        stress_notional = fold.stress_notional
    return PoolFigures(
        collateral_value=collateral,
        maintenance_margin=maintenance,
        initial_margin=initial if reason is None else None,
        stress_notional=stress_notional,
        trigger=documents.trigger,
        margin_currency="USD",
        unit=None,
        initial_margin_reason=reason,
    )
