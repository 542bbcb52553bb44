"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from decimal import Context, Decimal

from monitor.domain.account import PoolKind
from monitor.domain.certainty import Certainty
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.report import PoolReport, PositionReport
from monitor.rules.binance_usdm.liquidation import liquidation_prices
from monitor.rules.binance_usdm.parts import parts_of, position_parts
from monitor.rules.binance_usdm.positions import PositionValue, value_position
from monitor.rules.binance_usdm.terms import Lookup, mark_driver
from monitor.rules.binance_usdm.valuation import Valuation, value_pool
from monitor.rules.exact import exact, quotient
from monitor.rules.liquidation import LiquidationPrice
from monitor.rules.rulebook import Missing, Prices, Tables

TRIGGER = "collateral_value - maintenance_margin <= 0"
NOT_VALUED = "none"
_SHOWN = Context(prec=20)


def report_pool(pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
    """The pool's report. Its level is `none` and its top-up None: the caller, who knows the profile, puts them in."""
    valuation = value_pool(pool, tables, prices)
    if isinstance(valuation, Missing):
        return _unknown_report(pool, tables, prices, valuation)
    return _known_report(valuation, prices)


def _known_report(valuation: Valuation, prices: Prices) -> PoolReport:
    solved = liquidation_prices(valuation)
    collateral, margin, stress = valuation.collateral_value, valuation.maintenance_margin, valuation.stress_notional
    with exact():
        headroom = collateral - margin
    unit = None if valuation.unit is None else prices(valuation.unit)
    in_usd = headroom if valuation.unit is None else _converted(headroom, unit)
    return PoolReport(
        pool=valuation.pool.pool,
        kind=valuation.pool.kind.value,
        level=NOT_VALUED,
        certainty=(Certainty.FRESH if valuation.verified else Certainty.UNVERIFIED).name.lower(),
        certainty_reasons=() if valuation.verified else ("a table is not verified",),
        margin_currency=valuation.margin_currency,
        collateral_value=collateral,
        initial_margin=valuation.initial_margin,
        initial_margin_reason=valuation.initial_margin_reason,
        maintenance_margin=margin,
        margin_ratio=shown(quotient(margin, collateral)) if collateral > 0 else None,
        margin_ratio_reason=None if collateral > 0 else "collateral_exhausted",
        headroom=headroom,
        headroom_usd=in_usd,
        headroom_usd_reason=None if in_usd is not None else f"price {valuation.unit} never seen",
        stress_notional=stress,
        buffer_ratio=shown(quotient(headroom, stress)) if stress > 0 else None,
        buffer_ratio_reason=None if stress > 0 else "no_exposure",
        liquidation_distance_ratio=_nearest(valuation, solved),
        positions=tuple(_position_report(value, solved[value.terms.position.instrument]) for value in valuation.positions),
        parts=parts_of(valuation),
        trigger=TRIGGER,
        verified=valuation.verified,
    )


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing) -> PoolReport:
    """Without the pool's figures, those of single positions are still told where they can be had."""
    reason = "; ".join(missing.reasons)
    reports = []
    parts = []
    for position in pool.positions:
        found = _value_alone(position, tables, prices)
        if isinstance(found, Missing):
            reports.append(_unvalued_position(position, "; ".join(found.reasons)))
        else:
            reports.append(_position_report(found, LiquidationPrice(None, f"pool unknown: {reason}")))
            parts += position_parts(found)
    return PoolReport(
        pool=pool.pool,
        kind=pool.kind.value,
        level=NOT_VALUED,
        certainty=Certainty.UNKNOWN.name.lower(),
        certainty_reasons=missing.reasons,
        margin_currency="USD" if pool.kind is PoolKind.CROSS else pool.margin_asset,
        initial_margin_reason=reason,
        margin_ratio_reason=reason,
        headroom_usd_reason=reason,
        buffer_ratio_reason=reason,
        figures_reason=reason,
        positions=tuple(reports),
        parts=tuple(parts),
        trigger=TRIGGER,
        verified=False,
    )


def _value_alone(position: Position, tables: Tables, prices: Prices) -> PositionValue | Missing:
    lookup = Lookup(tables)
    terms = lookup.position(position)
    mark_price = lookup.price(mark_driver(position.instrument), prices)
    if terms is None or mark_price is None:
        return Missing(lookup.reasons)
    return value_position(terms, mark_price)


def _position_report(value: PositionValue, solved: LiquidationPrice) -> PositionReport:
    position = value.terms.position
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        entry_price=_entry_price(position.cost, value.terms.quantity),
        mark_price=value.mark_price,
        notional=value.notional,
        unrealised_pnl=value.unrealised_pnl,
        initial_margin=value.initial_margin,
        maintenance_margin=value.maintenance_margin,
        maintenance_margin_rate=value.bracket.maintenance_margin_rate,
        leverage=position.leverage,
        liquidation_price=solved.price,
        liquidation_price_reason=solved.reason,
        reason=None if value.initial_margin is not None else f"leverage of {position.instrument} not known",
    )


def _unvalued_position(position: Position, reason: str) -> PositionReport:
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        leverage=position.leverage,
        liquidation_price_reason=reason,
        reason=reason,
    )


def shown(value: Decimal) -> Decimal:
    """A quotient as reports show it: 20 significant digits."""
    return _SHOWN.plus(value)


def _entry_price(cost: Decimal, quantity: Decimal) -> Decimal:
    return shown(quotient(cost, quantity))


def _side(position: Position) -> str:
    return "long" if position.size > 0 else "short"


def _converted(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    if rate is None:
        return None
    with exact():
        return amount * rate


def _nearest(valuation: Valuation, solved: dict[str, LiquidationPrice]) -> Decimal | None:
    """The smallest relative move of one mark that reaches the trigger; None without such a price."""
    marks = {value.terms.position.instrument: value.mark_price for value in valuation.positions}
    distances = [
        quotient(abs(found.price - marks[name]), marks[name]) for name, found in solved.items() if found.price is not None
    ]
    return shown(min(distances)) if distances else None
