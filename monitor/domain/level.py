"""Levels: how near a pool is to liquidation, and the one table by which switches go on and off (contract 1).

    switch        goes on                                   goes off
    NOTICE        beyond any of its enter boundaries         beyond none of its exit boundaries, no higher switch on
    WARNING       the same                                   the same
    CRITICAL      the same                                   the same
    LIQUIDATION   the same, in the venue's own sense         the same

A switch is on while a higher one is, so all switches together are one integer: the level, the highest switch that is on.
"""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """How near a pool is to liquidation. A pool that was never valued has no level (None, label `none`)."""

    OK = 0
    NOTICE = 1
    WARNING = 2
    CRITICAL = 3
    LIQUIDATION = 4


SWITCHES: tuple[Level, ...] = (Level.NOTICE, Level.WARNING, Level.CRITICAL, Level.LIQUIDATION)


def level_label(level: Level | None) -> str:
    """The level in lower case, as metrics, the API and alerts spell it; `none` for a pool never valued."""
    return "none" if level is None else level.name.lower()


def next_level(current: int, enter_mask: int, exit_mask: int) -> int:
    """The level after one input, as an integer; `current` is -1 for a pool never valued.

    Bit `s` of `enter_mask` says that any enter boundary of switch `s` is reached, of `exit_mask` that any of its exit
    boundaries is. Plain integers, so that the kernel compiles this very function.
    """
    level = 0
    for switch in range(1, 5):
        if (enter_mask >> switch) & 1 or (switch <= current and (exit_mask >> switch) & 1):
            level = switch
    return level
