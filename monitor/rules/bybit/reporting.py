"""The report of a pool: every figure with the parts that it is made of, their unit, formula and source."""

from __future__ import annotations

from decimal import Context, Decimal

from monitor.domain.account import PoolKind
from monitor.domain.certainty import Certainty
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.report import PoolReport, PositionReport
from monitor.rules.bybit.liquidation import liquidation_prices
from monitor.rules.bybit.parts import parts_of, surveyed_parts
from monitor.rules.bybit.positions import PositionValue
from monitor.rules.bybit.terms import Lookup
from monitor.rules.bybit.valuation import Valuation, survey, value_pool
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
    return _known_report(valuation, tables, prices)


def _known_report(valuation: Valuation, tables: Tables, prices: Prices) -> PoolReport:
    solved = liquidation_prices(valuation, tables)
    collateral, margin, stress = valuation.collateral_value, valuation.maintenance_margin, valuation.stress_notional
    with exact():
        headroom = collateral - margin
    in_usd = _converted(headroom, Decimal(1) if valuation.unit is None else prices(valuation.unit))
    unverified = valuation.survey.unverified
    return PoolReport(
        pool=valuation.pool.pool,
        kind=valuation.pool.kind.value,
        level=NOT_VALUED,
        certainty=(Certainty.UNVERIFIED if unverified else Certainty.FRESH).name.lower(),
        certainty_reasons=unverified,
        margin_currency=valuation.margin_currency,
        collateral_value=collateral,
        initial_margin=valuation.initial_margin,
        initial_margin_reason=valuation.initial_margin_reason,
        maintenance_margin=margin,
        margin_ratio=_shown(quotient(margin, collateral)) if collateral > 0 else None,
        margin_ratio_reason=None if collateral > 0 else "collateral_exhausted",
        headroom=headroom,
        headroom_usd=in_usd,
        headroom_usd_reason=None if in_usd is not None else f"price {valuation.unit} never seen",
        stress_notional=stress,
        buffer_ratio=_shown(quotient(headroom, stress)) if stress > 0 else None,
        buffer_ratio_reason=None if stress > 0 else "no_exposure",
        liquidation_distance_ratio=_nearest(valuation, solved),
        positions=tuple(
            _position_report(value, solved[value.terms.position.instrument]) for value in valuation.survey.positions
        ),
        parts=parts_of(valuation),
        trigger=TRIGGER,
        verified=not unverified,
    )


def _unknown_report(pool: PoolHoldings, tables: Tables, prices: Prices, missing: Missing) -> PoolReport:
    """Without the pool's figures, those of single coins and positions are still told where they can be had."""
    reason = "; ".join(missing.reasons)
    found = survey(pool, tables, prices)
    valued = {id(value.terms.position): value for value in found.positions}
    return PoolReport(
        pool=pool.pool,
        kind=pool.kind.value,
        level=NOT_VALUED,
        certainty=Certainty.UNKNOWN.name.lower(),
        certainty_reasons=missing.reasons,
        margin_currency="USD" if pool.kind is PoolKind.CROSS else pool.margin_asset,
        collateral_value=found.collateral_value,
        initial_margin_reason=reason,
        margin_ratio_reason=reason,
        headroom_usd_reason=reason,
        buffer_ratio_reason=reason,
        figures_reason=reason,
        positions=tuple(
            _position_report(valued[id(position)], LiquidationPrice(None, f"pool unknown: {reason}"))
            if id(position) in valued
            else _unvalued_position(position, tables, reason)
            for position in pool.positions
        ),
        parts=surveyed_parts(found),
        trigger=TRIGGER,
        verified=False,
    )


def _position_report(value: PositionValue, solved: LiquidationPrice) -> PositionReport:
    position = value.terms.position
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        entry_price=_shown(quotient(position.cost, value.terms.quantity)),
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


def _unvalued_position(position: Position, tables: Tables, pool_reason: str) -> PositionReport:
    lookup = Lookup(tables)
    lookup.position(position)
    reason = "; ".join(lookup.reasons) or pool_reason
    return PositionReport(
        instrument=position.instrument,
        side=_side(position),
        size=abs(position.size),
        leverage=position.leverage,
        liquidation_price_reason=reason,
        reason=reason,
    )


def _shown(value: Decimal) -> Decimal:
    """A quotient as reports show it: 20 significant digits."""
    return _SHOWN.plus(value)


def _side(position: Position) -> str:
    return "long" if position.size > 0 else "short"


def _converted(amount: Decimal, rate: Decimal | None) -> Decimal | None:
    if rate is None:
        return None
    with exact():
        return amount * rate


def _nearest(valuation: Valuation, solved: dict[str, LiquidationPrice]) -> Decimal | None:
    """The smallest relative move of one mark that reaches the trigger; None without such a price."""
    marks = {value.terms.position.instrument: value.mark_price for value in valuation.survey.positions}
    distances = [
        quotient(abs(found.price - marks[name]), marks[name]) for name, found in solved.items() if found.price is not None
    ]
    return _shown(min(distances)) if distances else None
