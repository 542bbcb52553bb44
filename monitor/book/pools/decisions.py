"""What the pool book says and asks: changes out, questions at a boundary to the reference."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from monitor.domain.level import SWITCHES, Level
from monitor.domain.profile import BoundaryKind


class BoundaryRef(NamedTuple):
    """One boundary of a switch: its kind, and whether it is the enter or the exit figure."""

    level: Level
    kind: BoundaryKind
    entering: bool


class Judge(Protocol):
    """Decides what floats may not: the sign of a slack inside its error band, and whether a switch may go off now."""

    def is_beyond(self, slot: int, boundary: BoundaryRef) -> bool:
        """Whether the pool is at or beyond the boundary at the book's current prices, by the exact reference."""

    def may_release(self, slot: int) -> bool:
        """False: no switch of the pool may go off now (an input is stale, a gap is open); the pool is remembered as held."""


class Figures(NamedTuple):
    """C, M, I and A of contract 1 in the pool's margin currency, valued in full at one moment; NaN without all prices."""

    collateral_value: float
    maintenance_margin: float
    initial_margin: float
    stress_notional: float


class Change(NamedTuple):
    """A pool's level changed: at which row of the batch, from what (-1: never valued) to what, with its figures there."""

    row: int
    slot: int
    old: int
    new: int
    figures: Figures


BOUNDARIES: tuple[tuple[int, BoundaryRef], ...] = tuple(
    (1 << (4 * (level - 1) + 2 * place + side), BoundaryRef(level, kind, side == 0))
    for level in reversed(SWITCHES)
    for place, kind in enumerate((BoundaryKind.RATIO, BoundaryKind.BUFFER))
    for side in (0, 1)
)
"""Every boundary with its bit in a mask (see `layout`), worst switch first: the order in which the reference is asked."""
