"""The frame of a pool's report, the same for every venue: ratios, headroom, buffer and certainty from the pool's figures."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal

from monitor.domain.account import PoolKind
from monitor.domain.certainty import Certainty
from monitor.domain.holdings import PoolHoldings
from monitor.domain.report import Part, PoolReport, PositionReport
from monitor.rules.derived import value_of
from monitor.rules.exact import exact, quotient
from monitor.rules.ladder import Ladder
from monitor.rules.levels import headroom
from monitor.rules.rulebook import Missing, PoolFigures, Prices

NOT_VALUED = "none"
_SHOWN = Context(prec=20)


def known_report(
    pool: PoolHoldings,
    figures: PoolFigures,
    positions: tuple[PositionReport, ...],
    ladder: Ladder,
    unverified: tuple[str, ...],
    prices: Prices,
) -> PoolReport:
    """The report of a pool with figures. Its level is `none` and its top-up None: the caller, who knows the profile, puts
    them in. `unverified` names every reason for which a formula or a table is not confirmed by a document.
    """
    room = headroom(figures)
    with exact():
        required = figures.trigger.margin_factor * figures.maintenance_margin
        available = figures.trigger.collateral_factor * figures.collateral_value
    unit = figures.unit
    rate = Decimal(1) if unit is None else value_of(unit, prices)
    stress = figures.stress_notional
    return PoolReport(
        pool=pool.pool,
        kind=pool.kind.value,
        level=NOT_VALUED,
        certainty=(Certainty.UNVERIFIED if unverified else Certainty.FRESH).name.lower(),
        certainty_reasons=unverified,
        margin_currency=figures.margin_currency,
        collateral_value=figures.collateral_value,
        initial_margin=figures.initial_margin,
        initial_margin_reason=figures.initial_margin_reason,
        maintenance_margin=figures.maintenance_margin,
        margin_ratio=shown(quotient(required, available)) if available > 0 else None,
        margin_ratio_reason=None if available > 0 else "collateral_exhausted",
        headroom=room,
        headroom_usd=None if rate is None else _product(room, rate),
        headroom_usd_reason=None if rate is not None else f"price {unit} never seen",
        stress_notional=stress,
        buffer_ratio=shown(quotient(room, stress)) if stress > 0 else None,
        buffer_ratio_reason=None if stress > 0 else "no_exposure",
        liquidation_distance_ratio=_nearest(positions),
        positions=positions,
        parts=figures.parts,
        venue_figures=ladder.venue_figures,
        trigger=ladder.trigger,
        stages=ladder.stages,
        procedure=ladder.procedure,
        verified=not unverified,
    )


def unknown_report(
    pool: PoolHoldings,
    missing: Missing,
    positions: tuple[PositionReport, ...],
    ladder: Ladder,
    parts: Iterable[Part] = (),
) -> PoolReport:
    """The report of a pool without figures; those of its parts that could be had still stand in it."""
    reason = "; ".join(missing.reasons)
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
        positions=positions,
        parts=tuple(parts),
        trigger=ladder.trigger,
        procedure=ladder.procedure,
        verified=False,
    )


def shown(value: Decimal) -> Decimal:
    """A quotient as reports show it: 20 significant digits."""
    return _SHOWN.plus(value)


def _product(amount: Decimal, rate: Decimal) -> Decimal:
    with exact():
        return amount * rate


def _nearest(positions: tuple[PositionReport, ...]) -> Decimal | None:
    """The smallest relative move of one mark that reaches the trigger; None without such a price."""
    distances = [
        quotient(abs(position.liquidation_price - position.mark_price), position.mark_price)
        for position in positions
        if position.liquidation_price is not None and position.mark_price is not None
    ]
    return shown(min(distances)) if distances else None
