"""What the venue does before, at and after liquidation."""

from __future__ import annotations

from decimal import Decimal

from monitor.rules.bybit import documents
from monitor.rules.ladder import Ladder, Threshold
from monitor.rules.rulebook import PoolFigures

TRIGGER = "collateral_value - maintenance_margin <= 0"
_ONE = Decimal(1)

CROSS_PROCEDURE = (
    "Spot-margin orders with a liability or a haircut loss are cancelled; liabilities are repaid by converting collateral in "
    "the venue's order of coins; then derivative orders are cancelled and positions reduced, from a higher risk tier to the "
    "next lower one, in the lowest at the bankruptcy price; what the insurance fund cannot take is auto-deleveraged."
)
ISOLATED_PROCEDURE = (
    "From a higher risk tier orders are cancelled and the position is reduced to the next lower tier; in the lowest tier it is "
    "closed at its bankruptcy price; what the insurance fund cannot take is auto-deleveraged."
)
_LIQUIDATION = Threshold(
    name="liquidation",
    condition=TRIGGER,
    margin_factor=_ONE,
    source=documents.LIQUIDATION,
)
_BANKRUPTCY = Threshold(name="bankruptcy", condition="collateral_value <= 0", source=documents.LIQUIDATION)
_NO_NEW_ORDERS = Threshold(
    name="initial margin rate at 100 %: no orders that raise it",
    condition="collateral_value - initial_margin <= 0",
    initial_factor=_ONE,
    source=documents.LIQUIDATION,
)


def unknown_ladder(*, is_isolated: bool) -> Ladder:
    """The ladder of a pool without figures."""
    return Ladder(trigger=TRIGGER, procedure=ISOLATED_PROCEDURE if is_isolated else CROSS_PROCEDURE)


def ladder_of(figures: PoolFigures, *, is_isolated: bool) -> Ladder:
    """The ladder of a pool with figures, its stages in the order in which they come."""
    thresholds = (_LIQUIDATION, _BANKRUPTCY) if is_isolated else (_NO_NEW_ORDERS, _LIQUIDATION, _BANKRUPTCY)
    unknown = unknown_ladder(is_isolated=is_isolated)
    return Ladder(
        trigger=TRIGGER,
        procedure=unknown.procedure,
        stages=tuple(threshold.stage(figures) for threshold in thresholds),
    )
