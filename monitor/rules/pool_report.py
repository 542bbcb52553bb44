"""The frame of a pool's report, the same for every venue: ratios, headroom, buffer and certainty from the pool's figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from monitor.domain.account import PoolKind
from monitor.domain.certainty import Certainty
from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.instrument import Instrument
from monitor.domain.report import Part, PoolReport, PositionReport
from monitor.domain.tables import Bracket
from monitor.rules.derived import value_of
from monitor.rules.exact import exact, quotient, shown
from monitor.rules.ladder import Ladder
from monitor.rules.levels import headroom
from monitor.rules.liquidation import LiquidationPrice
from monitor.rules.positions import entry_price, worth_of
from monitor.rules.rulebook import Missing, PoolFigures, Prices
from monitor.rules.terms import PositionTerms

NOT_VALUED = "none"


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


class Valued(Protocol):
    """What a report tells of a position with figures, in its settle asset. A venue's own values may hold more."""

    @property
    def terms(self) -> PositionTerms:
        """The position with its tables."""

    @property
    def mark_price(self) -> Decimal:
        """The mark it is valued at."""

    @property
    def notional(self) -> Decimal:
        """At least 0."""

    @property
    def unrealised_pnl(self) -> Decimal:
        """At the mark."""

    @property
    def maintenance_margin(self) -> Decimal:
        """What it adds to the pool's."""

    @property
    def initial_margin(self) -> Decimal | None:
        """None: leverage not known."""

    @property
    def bracket(self) -> Bracket:
        """The risk tier that it stands in."""


def position_report(value: Valued, solved: LiquidationPrice) -> PositionReport:
    """The report of a position with figures."""
    terms, position = value.terms, value.terms.position
    has_margin = terms.has_margin
    return PositionReport(
        instrument=position.instrument,
        side=side_of(position),
        size=abs(position.size),
        entry_price=entry_price(terms.instrument, terms.quantity, position.cost),
        mark_price=value.mark_price,
        notional=value.notional,
        unrealised_pnl=value.unrealised_pnl,
        initial_margin=value.initial_margin if has_margin else None,
        maintenance_margin=value.maintenance_margin if has_margin else None,
        maintenance_margin_rate=value.bracket.maintenance_margin_rate if has_margin else None,
        leverage=position.leverage,
        liquidation_price=solved.price,
        liquidation_price_reason=solved.reason,
        reason=_margin_reason(value),
    )


def _margin_reason(value: Valued) -> str | None:
    """Why a margin of the position is not told, None when all are."""
    if not value.terms.has_margin:
        return "its margin is shared with other positions: see the parts"
    return None if value.initial_margin is not None else f"leverage of {value.terms.position.instrument} not known"


def unvalued_position(position: Position, reason: str) -> PositionReport:
    """The report of a position without figures."""
    return PositionReport(
        instrument=position.instrument,
        side=side_of(position),
        size=abs(position.size),
        leverage=position.leverage,
        liquidation_price_reason=reason,
        reason=reason,
    )


def partly_valued(position: Position, reason: str, instrument: Instrument | None, mark_price: Decimal | None) -> PositionReport:
    """The same where margins are not known: notional and profit are told where contract and mark are."""
    report = unvalued_position(position, reason)
    if instrument is None or mark_price is None:
        return report
    with exact():
        quantity = position.size * instrument.contract_size
    exposure, unrealised_pnl = worth_of(position, instrument, mark_price)
    return replace(
        report,
        entry_price=entry_price(instrument, quantity, position.cost),
        mark_price=mark_price,
        notional=exposure.copy_abs(),
        unrealised_pnl=unrealised_pnl,
    )


def unsolved(missing: Missing) -> LiquidationPrice:
    """No liquidation price: the pool's figures are not known."""
    return LiquidationPrice(None, f"pool unknown: {'; '.join(missing.reasons)}")


def side_of(position: Position) -> str:
    """`long` or `short`."""
    return "long" if position.size > 0 else "short"


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
