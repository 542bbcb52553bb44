"""The chain's integers stay within the rounding that the tape carries, on random subaccounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitor.rules.exact import exact
from tests.support.venue_books import pools_of

QUANTUM = Decimal("0.000001")


@pytest.mark.slow
def test_integers_lie_within_the_rounding_of_the_tape() -> None:
    differ = 0
    for held in pools_of("dydx_v4", "integers", 400):
        report, rounding = held.report(), held.tape().rounding
        assert report.collateral_value is not None
        assert report.maintenance_margin is not None
        with exact():
            # The balance is cut to a quantum once more where funding is not settled.
            equity = report.collateral_value - report.venue_figures["NC"] * QUANTUM
            margin = report.venue_figures["MMR"] * QUANTUM - report.maintenance_margin
            assert abs(equity) <= rounding + QUANTUM
            assert 0 <= margin <= rounding
            differ += equity != 0 or margin != 0
    assert differ >= 50
