"""The exact decision at a boundary: at it is beyond it, in the venue's own sense at LIQUIDATION."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitor.domain.level import Level
from monitor.domain.profile import DESK, BoundaryKind
from monitor.rules.levels import is_beyond, masks, reference_level, reference_slack, top_up
from monitor.rules.rulebook import PoolFigures
from monitor.rules.tape import Trigger

STRICT = Trigger(strict=True)
NEEDS_MARGIN = Trigger(needs_margin=True)
PORTFOLIO_MARGIN = Trigger(margin_factor=Decimal("1.05"))


def figures(collateral: str, margin: str, stress: str = "0", trigger: Trigger | None = None) -> PoolFigures:
    return PoolFigures(
        collateral_value=Decimal(collateral),
        maintenance_margin=Decimal(margin),
        initial_margin=None,
        stress_notional=Decimal(stress),
        trigger=trigger or Trigger(),
        margin_currency="USDT",
        unit=None,
    )


@pytest.mark.parametrize(
    ("collateral", "level"),
    [("100", Level.LIQUIDATION), ("100.00000000000000000001", Level.CRITICAL), ("125", Level.CRITICAL), ("125.1", Level.OK)],
)
def test_the_ratio_boundaries_of_the_default_profile(collateral: str, level: Level) -> None:
    assert reference_level(figures(collateral, "100"), DESK.cross, None) is level


@pytest.mark.parametrize(
    ("headroom", "level"),
    [("50", Level.CRITICAL), ("100", Level.WARNING), ("150", Level.NOTICE), ("150.000001", Level.OK)],
)
def test_the_buffer_boundaries_of_the_default_profile(headroom: str, level: Level) -> None:
    assert reference_level(figures(headroom, "0", stress="1000"), DESK.cross, None) is level


def test_a_switch_stays_on_until_its_exit_boundary_is_left() -> None:
    at_warning_exit = figures("200", "0", stress="1000")
    assert reference_level(at_warning_exit, DESK.cross, Level.WARNING) is Level.WARNING
    assert reference_level(figures("200.1", "0", stress="1000"), DESK.cross, Level.WARNING) is Level.NOTICE
    assert reference_level(at_warning_exit, DESK.cross, Level.OK) is Level.OK


def test_exhausted_collateral_is_beyond_every_boundary() -> None:
    enter, leave = masks(figures("-1", "5", stress="10"), DESK.cross)
    assert (enter, leave) == (0b11110, 0b11110)


def test_a_strict_venue_liquidates_below_and_not_at_its_trigger() -> None:
    at_trigger = figures("100", "100", trigger=STRICT)
    assert not is_beyond(at_trigger, BoundaryKind.RATIO, Decimal(1), Level.LIQUIDATION)
    assert is_beyond(at_trigger, BoundaryKind.RATIO, Decimal(1), Level.CRITICAL)
    assert is_beyond(figures("99.9", "100", trigger=STRICT), BoundaryKind.RATIO, Decimal(1), Level.LIQUIDATION)


def test_a_venue_that_needs_margin_does_not_liquidate_without_any() -> None:
    assert not is_beyond(figures("-5", "0", trigger=NEEDS_MARGIN), BoundaryKind.RATIO, Decimal(1), Level.LIQUIDATION)


def test_the_trigger_pair_enters_both_kinds_of_slack() -> None:
    found = figures("105", "100", stress="100", trigger=PORTFOLIO_MARGIN)
    assert reference_slack(found, BoundaryKind.RATIO, Decimal(1)) == 0
    assert reference_slack(found, BoundaryKind.BUFFER, Decimal("0.05")) == -5


def test_the_top_up_is_told_for_the_switches_that_are_on() -> None:
    found = figures("90", "0", stress="1000")
    assert top_up(found, DESK.cross, Level.OK) == 0
    assert top_up(found, DESK.cross, None) == 0
    assert top_up(found, DESK.cross, Level.WARNING) == Decimal("210.00000001")
