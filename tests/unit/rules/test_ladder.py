"""The steps of a venue's ladder: in their exact sense, and unknown where a figure is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitor.rules.ladder import Threshold
from monitor.rules.rulebook import PoolFigures
from monitor.rules.tape import Trigger


def figures(collateral: str, margin: str, initial: str | None = None) -> PoolFigures:
    return PoolFigures(
        collateral_value=Decimal(collateral),
        maintenance_margin=Decimal(margin),
        initial_margin=None if initial is None else Decimal(initial),
        stress_notional=Decimal(0),
        trigger=Trigger(),
        margin_currency="USD",
        unit=None,
        initial_margin_reason="leverage not known" if initial is None else None,
    )


BACKSTOP = Threshold(
    name="backstop", condition="1.5 C < M", collateral_factor=Decimal("1.5"), margin_factor=Decimal(1), strict=True
)


@pytest.mark.parametrize(("collateral", "reached"), [("2.00000001", False), ("2", False), ("1.99999999", True)])
def test_a_strict_stage_is_not_reached_at_its_boundary(collateral: str, *, reached: bool) -> None:
    stage = BACKSTOP.stage(figures(collateral, "3"))
    assert stage.is_reached is reached
    assert stage.slack == Decimal("1.5") * Decimal(collateral) - 3


@pytest.mark.parametrize(("collateral", "reached"), [("3.00000001", False), ("3", True), ("2.99999999", True)])
def test_any_other_stage_is_reached_at_its_boundary(collateral: str, *, reached: bool) -> None:
    stage = Threshold(name="liquidation", condition="C <= M", margin_factor=Decimal(1)).stage(figures(collateral, "3"))
    assert stage.is_reached is reached


def test_a_stage_on_an_unknown_initial_margin_is_unknown_with_the_reason() -> None:
    threshold = Threshold(name="no orders", condition="C <= I", initial_factor=Decimal(1))
    stage = threshold.stage(figures("5", "3"))
    assert (stage.slack, stage.is_reached, stage.reason) == (None, None, "leverage not known")
    assert threshold.stage(figures("5", "3", "4")).slack == 1
