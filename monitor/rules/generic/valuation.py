"""A pool at given prices.

over all coins      C = sum over coins of counted equity * index     M = sum of (positions + borrowed) * index + others'
one coin, isolated  C = wallet + unrealised PnL                      M = sum of maintenance margins, both in the coin
liquidation         C - M at or below 0
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.domain.tables import Bracket, ClassWeights
from monitor.rules.brackets import maintenance_margin
from monitor.rules.coin_tiers import INITIAL, MAINTENANCE, borrow_margin, borrowed_quantity, counted_quantity
from monitor.rules.exact import exact
from monitor.rules.generic.coins import index_driver
from monitor.rules.generic.documents import OTHER_MAINTENANCE
from monitor.rules.generic.terms import Lookup, PositionTerms
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.stress import StressFold
from monitor.rules.tape import Trigger

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionValue:
    """One position valued, in its settle asset. `exposure` is signed (long > 0); `initial_margin` None: leverage not known."""

    terms: PositionTerms
    mark_price: Decimal
    exposure: Decimal
    unrealised_pnl: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    bracket: Bracket

    @property
    def notional(self) -> Decimal:
        """The notional, at least 0."""
        return self.exposure.copy_abs()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinValue:
    """One coin of a pool, in the coin; `index` converts it into the pool's currency."""

    coin: str
    equity: Decimal
    counted: Decimal
    position_maintenance: Decimal
    position_initial: Decimal
    borrow_maintenance: Decimal
    borrow_initial: Decimal
    index: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A pool valued exactly, with everything that its figures are made of, in canonical order."""

    pool: PoolHoldings
    positions: tuple[PositionValue, ...]
    coins: tuple[CoinValue, ...]
    figures: PoolFigures
    verified: bool


def value_position(terms: PositionTerms, mark_price: Decimal) -> PositionValue:
    """The position at a mark price (> 0)."""
    per_unit = terms.initial_margin_per_unit
    with exact():
        taken = terms.taken(mark_price)
        exposure = terms.quantity * taken
        return PositionValue(
            terms=terms,
            mark_price=mark_price,
            exposure=exposure,
            unrealised_pnl=terms.value_quantity * taken - terms.position.cost,
            maintenance_margin=maintenance_margin(terms.brackets, abs(exposure)),
            initial_margin=None if per_unit is None else per_unit * taken,
            bracket=terms.brackets.bracket_at(abs(exposure)),
        )


def value_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> Valuation | Missing:
    """The pool valued exactly, or what is missing."""
    lookup = Lookup(tables)
    lookup.miss(*pool.unknown)
    positions = []
    for terms in lookup.positions(pool):
        mark_price = lookup.price(terms.mark, prices)
        if mark_price is not None:
            positions.append(value_position(terms, mark_price))
    weights = lookup.weights()
    coins = []
    for coin in sorted(pool.wallets):
        own = [value for value in positions if value.terms.instrument.settle_asset == coin]
        if own or pool.wallets[coin] != 0:
            coins.append(_coin(pool, coin, own, lookup, prices))
    known = tuple(coin for coin in coins if coin is not None)
    if lookup.reasons or weights is None:
        return Missing(lookup.reasons)
    return Valuation(
        pool=pool,
        positions=tuple(positions),
        coins=known,
        figures=_figures(pool, tuple(positions), known, weights),
        verified=lookup.verified,
    )


def converts(pool: PoolHoldings) -> bool:
    """Whether the pool spans all coins, in USD."""
    return pool.kind is PoolKind.CROSS


def initial_reason(pool: PoolHoldings) -> str | None:
    """Why the initial margin of a pool is not known, None when it is."""
    unknown = [f"leverage of {p.instrument} not known" for p in pool.positions if p.leverage is None]
    unknown += [f"margin of open orders on {order.instrument} not known" for order in pool.orders if not order.reduce_only]
    if OTHER_MAINTENANCE in pool.venue_given:
        unknown.append("initial margin of the positions that are not told not known")
    return "; ".join(dict.fromkeys(unknown)) or None


def _coin(pool: PoolHoldings, coin: str, own: list[PositionValue], lookup: Lookup, prices: Prices) -> CoinValue | None:
    with exact():
        equity = sum((value.unrealised_pnl for value in own), pool.wallets[coin])
        maintenance = sum((value.maintenance_margin for value in own), _ZERO)
        initial = sum((value.initial_margin or _ZERO for value in own), _ZERO)
        counted, borrowed = equity, [_ZERO, _ZERO]
        index: Decimal | None = Decimal(1)
        if converts(pool):
            ratios, rates = lookup.coin(coin, pool.wallets[coin], has_positions=bool(own))
            index = lookup.price(index_driver(coin), prices)
            if equity > 0:
                if coin in pool.not_collateral:
                    counted = _ZERO
                elif ratios is not None:
                    counted = counted_quantity(equity, ratios)
            elif rates is not None:
                borrowed = [borrow_margin(borrowed_quantity(equity, _ZERO), rates, which) for which in (MAINTENANCE, INITIAL)]
    if index is None:
        return None
    return CoinValue(
        coin=coin,
        equity=equity,
        counted=counted,
        position_maintenance=maintenance,
        position_initial=initial,
        borrow_maintenance=borrowed[0],
        borrow_initial=borrowed[1],
        index=index,
    )


def _figures(
    pool: PoolHoldings, positions: tuple[PositionValue, ...], coins: tuple[CoinValue, ...], weights: ClassWeights
) -> PoolFigures:
    reason = initial_reason(pool)
    fold = StressFold()
    collateral = initial = _ZERO
    maintenance = pool.venue_given.get(OTHER_MAINTENANCE, _ZERO)
    with exact():
        for coin in coins:
            collateral += coin.counted * coin.index
            maintenance += (coin.position_maintenance + coin.borrow_maintenance) * coin.index
            initial += (coin.position_initial + coin.borrow_initial) * coin.index
            if converts(pool):
                fold.add(weights.of(coin.coin), coin.counted * coin.index)
        rates = {coin.coin: coin.index for coin in coins}
        for value in positions:
            fold.add(weights.of(value.terms.instrument.base), value.exposure * rates[value.terms.instrument.settle_asset])
        stress_notional = fold.stress_notional
    currency = "USD" if converts(pool) else pool.margin_asset or ""
    return PoolFigures(
        collateral_value=collateral,
        maintenance_margin=maintenance,
        initial_margin=initial if reason is None else None,
        stress_notional=stress_notional,
        trigger=Trigger(),
        margin_currency=currency,
        unit=None if converts(pool) else index_driver(currency),
        initial_margin_reason=reason,
    )
