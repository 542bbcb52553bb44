"""The level that ours and the venue's numbers give together: out of band the worse of the two.

The venue's numbers take the place of ours in the pool's figures, so that they are judged by the same boundaries. A ratio
alone stands for the margin that it needs of the collateral: M = ratio * a*C / b.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from monitor.domain.double_entry import DoubleEntry, Leader
from monitor.domain.level import SWITCHES, Level
from monitor.domain.profile import SwitchSet
from monitor.domain.report import PoolReport
from monitor.rules.double_entry.names import Role, reported
from monitor.rules.exact import exact, quotient
from monitor.rules.levels import headroom, reference_level
from monitor.rules.rulebook import Missing, PoolFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The level, whose number gave it, and the figures that did (None: no figures of ours, the venue's ratio alone)."""

    level: Level
    drives: Leader
    figures: PoolFigures | None


def decide(
    report: PoolReport,
    figures: PoolFigures | Missing,
    said: Mapping[str, Decimal],
    entry: DoubleEntry,
    switches: SwitchSet,
    *,
    is_empty: bool,
    has_isolated: bool,
) -> Decision | None:
    """The level of a pool without history; None when there is no number to judge. An empty pool is OK whatever its figures.

    In band: ours, or the venue's where it leads. Out of band: whichever is worse. Not compared at the same time: ours.
    """
    if isinstance(figures, Missing):
        ratio = entry.venue_margin_ratio
        if entry.leads is not Leader.VENUE or ratio is None:
            return None
        return Decision(level=_level_of_ratio(ratio, switches), drives=Leader.VENUE, figures=None)
    level = Level.OK if is_empty else reference_level(figures, switches, None)
    ours = Decision(level=level, drives=Leader.OURS, figures=figures)
    if entry.agrees is None:
        return ours
    theirs = [
        Decision(level=reference_level(other, switches, None), drives=Leader.VENUE, figures=other)
        for other in _their_figures(report, figures, said, has_isolated=has_isolated)
        if not is_empty or other.maintenance_margin > 0
    ]
    if not theirs:
        return ours
    if entry.agrees:
        return max(theirs, key=_badness) if entry.leads is Leader.VENUE else ours
    return max((ours, *theirs), key=_badness)


def _badness(decision: Decision) -> tuple[Level, Decimal]:
    """Worst last: the level, then the headroom that is left."""
    return decision.level, -headroom(decision.figures) if decision.figures else Decimal(0)


def _their_figures(
    report: PoolReport, figures: PoolFigures, said: Mapping[str, Decimal], *, has_isolated: bool
) -> Iterator[PoolFigures]:
    collateral = reported(report, said, Role.COLLATERAL_VALUE, has_isolated=has_isolated)
    margin = reported(report, said, Role.MAINTENANCE_MARGIN, has_isolated=has_isolated)
    ratio = reported(report, said, Role.MARGIN_RATIO, has_isolated=has_isolated)
    told = replace(
        figures,
        collateral_value=figures.collateral_value if collateral is None else collateral,
        maintenance_margin=figures.maintenance_margin if margin is None else margin,
    )
    if collateral is not None or margin is not None:
        yield told
    if ratio is not None and told.collateral_value > 0:
        with exact():
            required = ratio * figures.trigger.collateral_factor * told.collateral_value
        yield replace(told, maintenance_margin=quotient(required, figures.trigger.margin_factor))


def _level_of_ratio(ratio: Decimal, switches: SwitchSet) -> Level:
    """The highest switch whose ratio boundary the venue's own ratio reaches."""
    found = Level.OK
    for level in SWITCHES:
        band = switches.switch(level).ratio
        if band is not None and ratio >= band.enter:
            found = level
    return found
