"""The exact level decision, from a pool's figures in Decimal: what the kernel's sign of the slack must agree with.

Slack of a ratio boundary t: `t*a*C - b*M`; of a buffer boundary beta: `a*C - b*M - beta*A`. Beyond = slack at or below 0.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.level import SWITCHES, Level, next_level
from monitor.domain.profile import Band, BoundaryKind, SwitchSet
from monitor.rules.exact import exact, quotient
from monitor.rules.rulebook import PoolFigures

# A top-up is told in steps of the finest unit that venues transfer.
_TRANSFER_STEP = Decimal("1e-8")


def headroom(figures: PoolFigures) -> Decimal:
    """`a*C - b*M` in the margin currency: 0 at the venue's liquidation trigger, negative past it."""
    with exact():
        trigger = figures.trigger
        return trigger.collateral_factor * figures.collateral_value - trigger.margin_factor * figures.maintenance_margin


def reference_slack(figures: PoolFigures, kind: BoundaryKind, boundary: Decimal) -> Decimal:
    """The slack to a boundary, exact, in the margin currency; at or below 0 is beyond it."""
    with exact():
        if kind is BoundaryKind.BUFFER:
            return headroom(figures) - boundary * figures.stress_notional
        trigger = figures.trigger
        available = boundary * trigger.collateral_factor * figures.collateral_value
        return available - trigger.margin_factor * figures.maintenance_margin


def is_beyond(figures: PoolFigures, kind: BoundaryKind, boundary: Decimal, level: Level) -> bool:
    """Whether a boundary of the switch `level` is reached; at LIQUIDATION in the venue's own sense."""
    slack = reference_slack(figures, kind, boundary)
    if level is not Level.LIQUIDATION:
        return slack <= 0
    if figures.trigger.needs_margin and figures.maintenance_margin <= 0:
        return False
    return slack < 0 if figures.trigger.strict else slack <= 0


def masks(figures: PoolFigures, switches: SwitchSet) -> tuple[int, int]:
    """Bit `s` of the first: any enter boundary of switch s is reached; of the second: any of its exit boundaries is."""
    enter_mask = exit_mask = 0
    for level in SWITCHES:
        for kind, band in _bands(switches, level):
            enter_mask |= is_beyond(figures, kind, band.enter, level) << level
            exit_mask |= is_beyond(figures, kind, band.leave, level) << level
    return enter_mask, exit_mask


def reference_level(figures: PoolFigures, switches: SwitchSet, current: Level | None) -> Level:
    """The level after one valuation; `current` None for a pool never valued."""
    enter_mask, exit_mask = masks(figures, switches)
    return Level(next_level(-1 if current is None else current, enter_mask, exit_mask))


def top_up(figures: PoolFigures, switches: SwitchSet, level: Level | None) -> Decimal:
    """How much collateral value in the margin currency, paid in now, takes every switch off; 0 when none is on.

    The least multiple of 1e-8 that leaves each exit boundary of the switches that are on (`level` and those below it).
    Prices fixed; added collateral is taken at its full value and carries no stress notional of its own.
    """
    if level is None or level is Level.OK:
        return Decimal(0)
    with exact():
        required = figures.trigger.margin_factor * figures.maintenance_margin
        stress = figures.stress_notional
        needs = [
            _collateral_at(kind, band, required, stress, figures.trigger.collateral_factor) - figures.collateral_value
            for switch in SWITCHES
            if switch <= level
            for kind, band in _bands(switches, switch)
        ]
    return _just_above(max(needs)) if needs else Decimal(0)


def _collateral_at(kind: BoundaryKind, band: Band, required: Decimal, stress: Decimal, factor: Decimal) -> Decimal:
    """The collateral value at which the slack to an exit boundary is 0."""
    if kind is BoundaryKind.RATIO:
        return quotient(required, band.leave * factor)
    return quotient(required + band.leave * stress, factor)


def _just_above(amount: Decimal) -> Decimal:
    """The least step above an amount, 0 below 0: at the boundary itself a switch is still on."""
    if amount < 0:
        return Decimal(0)
    with exact():
        return ((amount // _TRANSFER_STEP) + 1) * _TRANSFER_STEP


def _bands(switches: SwitchSet, level: Level) -> list[tuple[BoundaryKind, Band]]:
    switch = switches.switch(level)
    pairs = ((BoundaryKind.RATIO, switch.ratio), (BoundaryKind.BUFFER, switch.buffer))
    return [(kind, band) for kind, band in pairs if band is not None]
