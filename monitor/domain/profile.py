"""Threshold profiles: at which margin ratio and which buffer each switch goes on and off (contract 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from monitor.domain.checks import require_positive
from monitor.domain.level import SWITCHES, Level


class BoundaryKind(Enum):
    """RATIO: slack `t*a*C - b*M`. BUFFER: slack `a*C - b*M - beta*A`. Reached when the slack is at or below 0."""

    RATIO = "ratio"
    BUFFER = "buffer"


@dataclass(frozen=True, slots=True)
class Band:
    """Where a switch goes on (`enter`) and off (`leave`); equal figures mean no hysteresis."""

    enter: Decimal
    leave: Decimal

    def __post_init__(self) -> None:
        require_positive("enter", self.enter)
        require_positive("leave", self.leave)


@dataclass(frozen=True, slots=True)
class Switch:
    """The boundaries of one switch; None turns that kind off."""

    ratio: Band | None = None
    buffer: Band | None = None


@dataclass(frozen=True, slots=True)
class SwitchSet:
    """The four switches of cross pools or of isolated pools. Refused unless each kind tightens from level to level."""

    notice: Switch = field(default_factory=Switch)
    warning: Switch = field(default_factory=Switch)
    critical: Switch = field(default_factory=Switch)
    liquidation: Switch = field(default_factory=Switch)

    def __post_init__(self) -> None:
        for kind in BoundaryKind:
            self._require_tightening(kind)

    def switch(self, level: Level) -> Switch:
        """The boundaries of one switch."""
        return {
            Level.NOTICE: self.notice,
            Level.WARNING: self.warning,
            Level.CRITICAL: self.critical,
            Level.LIQUIDATION: self.liquidation,
        }[level]

    def _require_tightening(self, kind: BoundaryKind) -> None:
        before: Band | None = None
        for level in SWITCHES:
            band = getattr(self.switch(level), kind.value)
            if band is None:
                continue
            # A ratio rises towards liquidation, a buffer falls.
            sign = 1 if kind is BoundaryKind.RATIO else -1
            if sign * (band.enter - band.leave) < 0:
                raise ValueError(
                    f"{level.name.lower()}.{kind.value}: leaving at {band.leave} is nearer to liquidation than {band.enter}"
                )
            if before is not None and (sign * (band.enter - before.enter) < 0 or sign * (band.leave - before.leave) < 0):
                raise ValueError(f"{level.name.lower()}.{kind.value} does not tighten on the switch below it")
            before = band


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of boundaries; isolated pools take the `isolated` block."""

    name: str
    cross: SwitchSet
    isolated: SwitchSet


def _band(enter: str, leave: str) -> Band:
    return Band(Decimal(enter), Decimal(leave))


def _buffers(notice: str, warning: str, critical: str) -> SwitchSet:
    """Buffer boundaries that leave at twice the entry, with the ratio boundaries of the default policy."""

    def twice(enter: str) -> Band:
        return Band(Decimal(enter), 2 * Decimal(enter))

    return SwitchSet(
        notice=Switch(buffer=twice(notice)),
        warning=Switch(buffer=twice(warning)),
        critical=Switch(ratio=_band("0.80", "0.72"), buffer=twice(critical)),
        liquidation=Switch(ratio=_band("1.00", "0.95")),
    )


_DESK = _buffers("0.15", "0.10", "0.05")
_CLIENT = _buffers("0.04", "0.02", "0.01")

DESK = Profile("desk", _DESK, _DESK)
"""The default: pages at a joint adverse move of 5 %."""

CLIENT = Profile("client", _CLIENT, _CLIENT)
"""For highly leveraged retail books."""
