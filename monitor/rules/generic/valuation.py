"""A pool over all coins at given prices, in USD. Pools of one coin are the shared form (`monitor.rules.single_currency`).

C = sum over coins of counted equity * index, M = sum over coins of (positions + borrowed) * index + that of other positions
liquidation: C - M at or below 0
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.domain.tables import ClassWeights
from monitor.rules.coin_tiers import INITIAL, MAINTENANCE, borrow_margin, borrowed_quantity, counted_quantity
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.generic.documents import OTHER_MAINTENANCE, VENUE
from monitor.rules.generic.terms import Lookup
from monitor.rules.positions import PositionValue, leverage_reasons, order_reasons, value_position
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.stress import StressFold
from monitor.rules.tape import Trigger

_ZERO = Decimal(0)


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


def initial_reason(pool: PoolHoldings) -> str | None:
    """Why the initial margin of a pool is not known, None when it is."""
    unknown = [*leverage_reasons(pool), *order_reasons(pool)]
    if OTHER_MAINTENANCE in pool.venue_given:
        unknown.append("initial margin of the positions that are not told not known")
    return "; ".join(dict.fromkeys(unknown)) or None


def _coin(pool: PoolHoldings, coin: str, own: list[PositionValue], lookup: Lookup, prices: Prices) -> CoinValue | None:
    with exact():
        equity = sum((value.unrealised_pnl for value in own), pool.wallets[coin])
        maintenance = sum((value.maintenance_margin for value in own), _ZERO)
        initial = sum((value.initial_margin or _ZERO for value in own), _ZERO)
        counted, borrowed = equity, [_ZERO, _ZERO]
        ratios, rates = lookup.coin(coin, pool.wallets[coin], has_positions=bool(own))
        index = lookup.price(index_driver(VENUE, coin), prices)
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
            fold.add(weights.of(coin.coin), coin.counted * coin.index)
        rates = {coin.coin: coin.index for coin in coins}
        for value in positions:
            fold.add(weights.of(value.terms.instrument.base), value.exposure * rates[value.terms.instrument.settle_asset])
        stress_notional = fold.stress_notional
    return PoolFigures(
        collateral_value=collateral,
        maintenance_margin=maintenance,
        initial_margin=initial if reason is None else None,
        stress_notional=stress_notional,
        trigger=Trigger(),
        margin_currency="USD",
        unit=None,
        initial_margin_reason=reason,
    )
