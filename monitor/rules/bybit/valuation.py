"""A pool at given prices.

cross        C = sum over coins of counted equity * index      M = sum of (margin of positions + of what is borrowed) * index
isolated     C = isolated wallet + unrealised PnL              M = maintenance margin of the position
liquidation  C - M at or below 0
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.domain.tables import BorrowTiers, ClassWeights, CollateralTiers
from monitor.rules.bybit.documents import VENUE
from monitor.rules.bybit.orders import OrderCost, order_costs, order_margins
from monitor.rules.bybit.positions import PositionValue, value_position
from monitor.rules.bybit.terms import Lookup
from monitor.rules.bybit.unverified import unverified_reasons
from monitor.rules.coin_tiers import INITIAL, MAINTENANCE, borrow_margin, borrowed_quantity, counted_quantity
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.positions import leverage_reasons
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.stress import StressFold
from monitor.rules.tape import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinValue:
    """One coin of a cross pool, in the coin, `collateral_value` in USD; None where something is missing (noted).

    `index` may also be None where nothing that a level uses needs it: a coin that is no collateral and not borrowed.
    """

    coin: str
    wallet: Decimal
    frozen: Decimal
    is_collateral: bool
    unrealised_pnl: Decimal
    equity: Decimal
    counted: Decimal | None
    borrowed: Decimal
    borrow_maintenance: Decimal | None
    borrow_initial: Decimal | None
    position_maintenance: Decimal
    position_initial: Decimal
    order_margin: Decimal
    index: Decimal | None
    collateral_tiers: CollateralTiers | None
    borrow_tiers: BorrowTiers | None

    @property
    def rate(self) -> Decimal:
        """USD per unit; 0 where no index is known, which then multiplies nothing but 0."""
        return self.index or Decimal(0)

    @property
    def collateral_value(self) -> Decimal | None:
        """What the venue counts the coin for, in USD."""
        if self.counted is None or (self.index is None and self.counted != 0):
            return None
        with exact():
            return self.counted * self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What can be had of a pool, whether or not it is enough: `reasons` names what is missing."""

    pool: PoolHoldings
    positions: tuple[PositionValue, ...]
    coins: tuple[CoinValue, ...]
    orders: tuple[OrderCost, ...]
    order_reasons: tuple[str, ...]
    reasons: tuple[str, ...]
    weights: ClassWeights | None
    unverified: tuple[str, ...]

    @property
    def collateral_value(self) -> Decimal | None:
        """The margin balance of a cross pool in USD, None while a part of it is not known."""
        values = [coin.collateral_value for coin in self.coins]
        known = [value for value in values if value is not None]
        if self.pool.unknown or len(known) < len(values) or len(self.positions) < len(self.pool.positions) or not values:
            return None
        with exact():
            return sum(known, Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A pool valued exactly, with everything that its figures are made of, in canonical order."""

    survey: Survey
    collateral_value: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    initial_margin_reason: str | None
    stress_notional: Decimal

    @property
    def pool(self) -> PoolHoldings:
        """What the pool holds."""
        return self.survey.pool

    @property
    def is_isolated(self) -> bool:
        """Whether the pool is one isolated position, valued in its settle coin."""
        return self.pool.kind is PoolKind.ISOLATED

    @property
    def margin_currency(self) -> str:
        """USD in cross, else the settle coin of the isolated position."""
        return (self.pool.margin_asset or "USD") if self.is_isolated else "USD"

    @property
    def unit(self) -> DriverKey | None:
        """What converts the margin currency to USD; None for USD itself."""
        return index_driver(VENUE, self.margin_currency) if self.is_isolated else None


def value_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> Valuation | Missing:
    """The pool valued exactly, or what is missing."""
    found = survey(pool, tables, prices)
    if found.reasons or found.weights is None:
        return Missing(found.reasons)
    return _isolated(found, found.weights) if pool.kind is PoolKind.ISOLATED else _cross(found, found.weights)


def survey(pool: PoolHoldings, tables: Tables, prices: Prices) -> Survey:
    """Everything that can be had of a pool, and what is missing for the rest."""
    lookup = Lookup(tables)
    lookup.miss(*pool.unknown)
    weights = lookup.weights()
    terms = lookup.positions(pool)
    positions = tuple(
        value_position(term, mark_price) for term in terms if (mark_price := lookup.price(term.mark, prices)) is not None
    )
    orders, order_reasons = order_costs(pool.orders, pool.positions, tables)
    coins: tuple[CoinValue, ...] = ()
    if pool.kind is PoolKind.CROSS:
        margins = order_margins(orders)
        coins = tuple(
            value
            for coin in sorted(pool.wallets)
            if (value := _coin(pool, coin, positions, margins.get(coin, Decimal(0)), lookup, prices)) is not None
        )
    return Survey(
        pool=pool,
        positions=positions,
        coins=coins,
        orders=orders,
        order_reasons=order_reasons,
        reasons=lookup.reasons,
        weights=weights,
        unverified=unverified_reasons(pool, lookup.verified),
    )


def initial_reason(pool: PoolHoldings, order_reasons: tuple[str, ...]) -> str | None:
    """Why the initial margin of a pool is not known, None when it is."""
    return "; ".join(dict.fromkeys([*leverage_reasons(pool), *order_reasons])) or None


def _coin(
    pool: PoolHoldings,
    coin: str,
    positions: tuple[PositionValue, ...],
    order_margin: Decimal,
    lookup: Lookup,
    prices: Prices,
) -> CoinValue | None:
    own = [value for value in positions if value.terms.settle_asset == coin]
    wallet, frozen = pool.wallets[coin], pool.frozen.get(coin, Decimal(0))
    if wallet == 0 and frozen == 0 and not own and order_margin == 0:
        return None
    is_collateral = coin not in pool.not_collateral
    with exact():
        unrealised = sum((value.unrealised_pnl for value in own), Decimal(0))
        equity = wallet + unrealised
        borrowed = borrowed_quantity(equity, frozen)
        counts = equity < 0 or (equity > 0 and is_collateral)
        is_needed = counts or borrowed > 0 or bool(own) or order_margin != 0
        ratios = lookup.collateral_tiers(coin) if equity > 0 and is_collateral else None
        rates = lookup.borrow_tiers(coin) if borrowed > 0 else None
        return CoinValue(
            coin=coin,
            wallet=wallet,
            frozen=frozen,
            is_collateral=is_collateral,
            unrealised_pnl=unrealised,
            equity=equity,
            counted=_counted(equity, is_collateral, ratios),
            borrowed=borrowed,
            borrow_maintenance=_borrow(borrowed, rates, MAINTENANCE),
            borrow_initial=_borrow(borrowed, rates, INITIAL),
            position_maintenance=sum((value.maintenance_margin for value in own), Decimal(0)),
            position_initial=sum((value.initial_margin for value in own if value.initial_margin is not None), Decimal(0)),
            order_margin=order_margin,
            index=lookup.price(index_driver(VENUE, coin), prices) if is_needed else prices(index_driver(VENUE, coin)),
            collateral_tiers=ratios,
            borrow_tiers=rates,
        )


def _counted(equity: Decimal, is_collateral: bool, tiers: CollateralTiers | None) -> Decimal | None:
    """What counts of a coin's equity, in the coin; None without the table that it needs."""
    if equity <= 0:
        return equity
    if not is_collateral:
        return Decimal(0)
    return None if tiers is None else counted_quantity(equity, tiers)


def _borrow(borrowed: Decimal, tiers: BorrowTiers | None, which: str) -> Decimal | None:
    if borrowed == 0:
        return Decimal(0)
    return None if tiers is None else borrow_margin(borrowed, tiers, which)


def _cross(found: Survey, weights: ClassWeights) -> Valuation:
    reason = initial_reason(found.pool, found.order_reasons)
    fold = StressFold()
    collateral = maintenance = initial = Decimal(0)
    with exact():
        for coin in found.coins:
            collateral += coin.collateral_value or Decimal(0)
            maintenance += (coin.position_maintenance + (coin.borrow_maintenance or Decimal(0))) * coin.rate
            initial += (coin.position_initial + coin.order_margin + (coin.borrow_initial or Decimal(0))) * coin.rate
            fold.add(weights.of(coin.coin), coin.collateral_value or Decimal(0))
        rates = {coin.coin: coin.rate for coin in found.coins}
        for value in found.positions:
            fold.add(weights.of(value.terms.instrument.base), value.exposure * rates[value.terms.settle_asset])
        return Valuation(
            survey=found,
            collateral_value=collateral,
            maintenance_margin=maintenance,
            initial_margin=initial if reason is None else None,
            initial_margin_reason=reason,
            stress_notional=fold.stress_notional,
        )


def _isolated(found: Survey, weights: ClassWeights) -> Valuation:
    value = found.positions[0]
    fold = StressFold()
    with exact():
        fold.add(weights.of(value.terms.instrument.base), value.exposure)
        return Valuation(
            survey=found,
            collateral_value=found.pool.wallets[value.terms.settle_asset] + value.unrealised_pnl,
            maintenance_margin=value.maintenance_margin,
            initial_margin=value.initial_margin,
            initial_margin_reason=initial_reason(found.pool, ()),
            stress_notional=fold.stress_notional,
        )


def figures_of(valuation: Valuation) -> PoolFigures:
    """C, M, I and A of a valuation, without its parts."""
    return PoolFigures(
        collateral_value=valuation.collateral_value,
        maintenance_margin=valuation.maintenance_margin,
        initial_margin=valuation.initial_margin,
        stress_notional=valuation.stress_notional,
        trigger=Trigger(),
        margin_currency=valuation.margin_currency,
        unit=valuation.unit,
        initial_margin_reason=valuation.initial_margin_reason,
    )
