"""A pool at given prices.

single-asset, isolated   C = wallet + sum of unrealised PnL                        M = sum of maintenance margins
multi-assets             C = sum over assets of worth(wallet + unrealised PnL)     M = sum over assets of margins * ask
liquidation              C - M at or below 0
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.domain.tables import AssetIndexBuffers, ClassWeights
from monitor.rules.binance_usdm.assets import (
    AssetRates,
    ask_driver,
    bid_driver,
    has_buffers,
    index_driver,
    rates_from_index,
)
from monitor.rules.binance_usdm.orders import order_margins
from monitor.rules.binance_usdm.terms import Lookup
from monitor.rules.exact import exact
from monitor.rules.positions import PositionValue, leverage_reasons, value_position
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.stress import StressFold
from monitor.rules.tape import Trigger

_AT_PAR = AssetRates(Decimal(1), Decimal(1), Decimal(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetValue:
    """One asset of a pool, in the asset; `collateral_value` and the converted margins are in the pool's margin currency."""

    asset: str
    wallet: Decimal
    unrealised_pnl: Decimal
    equity: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    order_margin: Decimal
    rates: AssetRates
    buffers: AssetIndexBuffers | None
    collateral_value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A pool valued exactly, with everything that its figures are made of, in canonical order."""

    pool: PoolHoldings
    positions: tuple[PositionValue, ...]
    assets: tuple[AssetValue, ...]
    converts: bool
    collateral_value: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    initial_margin_reason: str | None
    stress_notional: Decimal
    verified: bool

    @property
    def margin_currency(self) -> str:
        """USD in multi-assets mode, else the margin asset."""
        return "USD" if self.converts else self.assets[0].asset

    @property
    def unit(self) -> DriverKey | None:
        """What converts the margin currency to USD; None for USD itself."""
        return None if self.converts else index_driver(self.assets[0].asset)


def converts(pool: PoolHoldings) -> bool:
    """Whether the pool's assets are converted to USD (multi-assets mode)."""
    return pool.kind is PoolKind.CROSS


def pool_assets(pool: PoolHoldings) -> tuple[str, ...]:
    """The assets that a pool's figures are made of, sorted; in multi-assets mode empty wallets need no rate.

    Assets that positions alone bring in are in `wallets` too (`pools` puts them there).
    """
    return tuple(sorted(pool.wallets))


def value_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> Valuation | Missing:
    """The pool valued exactly, or what is missing."""
    lookup = Lookup(tables)
    lookup.miss(*pool.unknown)
    positions = _positions(pool, lookup, prices)
    margins, reasons = order_margins(pool.orders, pool.positions, tables)
    weights = lookup.weights()
    assets = tuple(
        value
        for asset in pool_assets(pool)
        if (value := _asset(pool, asset, positions, margins.get(asset, Decimal(0)), lookup, prices)) is not None
    )
    if lookup.reasons or weights is None:
        return Missing(lookup.reasons)
    reason = initial_reason(pool, reasons)
    with exact():
        initial = sum((v.initial_margin * v.rates.ask for v in assets if v.initial_margin is not None), Decimal(0))
        return Valuation(
            pool=pool,
            positions=positions,
            assets=assets,
            converts=converts(pool),
            collateral_value=sum((v.collateral_value for v in assets), Decimal(0)),
            maintenance_margin=sum((v.maintenance_margin * v.rates.ask for v in assets), Decimal(0)),
            initial_margin=initial if reason is None else None,
            initial_margin_reason=reason,
            stress_notional=_stress_notional(positions, assets, weights, converts(pool)),
            verified=lookup.verified,
        )


def initial_reason(pool: PoolHoldings, order_reasons: tuple[str, ...]) -> str | None:
    """Why the initial margin of a pool is not known, None when it is."""
    return "; ".join(dict.fromkeys([*leverage_reasons(pool), *order_reasons])) or None


def _positions(pool: PoolHoldings, lookup: Lookup, prices: Prices) -> tuple[PositionValue, ...]:
    found = []
    for terms in lookup.positions(pool):
        mark_price = lookup.price(terms.driver, prices)
        if mark_price is not None:
            found.append(value_position(terms, mark_price))
    return tuple(found)


def _asset(
    pool: PoolHoldings,
    asset: str,
    positions: tuple[PositionValue, ...],
    order_margin: Decimal,
    lookup: Lookup,
    prices: Prices,
) -> AssetValue | None:
    own = [value for value in positions if value.terms.instrument.settle_asset == asset]
    wallet = pool.wallets[asset]
    if converts(pool) and wallet == 0 and not own and order_margin == 0:
        return None
    rates = _rates(asset, lookup, prices) if converts(pool) else _AT_PAR
    if rates is None:
        return None
    with exact():
        unrealised = sum((value.unrealised_pnl for value in own), Decimal(0))
        initial = [value.initial_margin for value in own]
        return AssetValue(
            asset=asset,
            wallet=wallet,
            unrealised_pnl=unrealised,
            equity=wallet + unrealised,
            maintenance_margin=sum((value.maintenance_margin for value in own), Decimal(0)),
            initial_margin=_sum_known([*initial, order_margin]),
            order_margin=order_margin,
            rates=rates,
            buffers=lookup.buffers(asset) if converts(pool) else None,
            collateral_value=rates.worth(wallet + unrealised),
        )


def _sum_known(amounts: list[Decimal | None]) -> Decimal | None:
    """The sum, None when an amount is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _rates(asset: str, lookup: Lookup, prices: Prices) -> AssetRates | None:
    buffers = lookup.buffers(asset)
    if buffers is None:
        return None
    if has_buffers(buffers):
        index = lookup.price(index_driver(asset), prices)
        if index is None or buffers.bid_buffer is None or buffers.ask_buffer is None:
            return None
        return rates_from_index(index, buffers.bid_buffer, buffers.ask_buffer)
    bid, ask = lookup.price(bid_driver(asset), prices), lookup.price(ask_driver(asset), prices)
    return None if bid is None or ask is None else AssetRates(bid, ask, bid)


def _stress_notional(
    positions: tuple[PositionValue, ...], assets: tuple[AssetValue, ...], weights: ClassWeights, converted: bool
) -> Decimal:
    """A: each position, and each balance that a price converts, weighted by its underlying."""
    fold = StressFold()
    exposure_rates = {value.asset: value.rates.exposure for value in assets}
    for value in positions:
        instrument = value.terms.instrument
        fold.add(weights.of(instrument.base), value.exposure * exposure_rates[instrument.settle_asset])
    if converted:
        for asset_value in assets:
            fold.add(weights.of(asset_value.asset), asset_value.collateral_value)
    return fold.stress_notional


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
