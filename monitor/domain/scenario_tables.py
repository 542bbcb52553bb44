"""Tables of a portfolio margin: the scenarios of a grid, what a class of positions does in them, arrays of single contracts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from monitor.domain.checks import require_not_negative, require_positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario: the price moves by `move` of the class's scan (0.33 up, -1 down), and `share` of the result counts."""

    name: str
    move: Decimal
    share: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        require_positive("share", self.share)
        if self.share > 1:
            raise ValueError(f"share must be at most 1, got {self.share}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioGrid:
    """The scenarios of a grid in their order, by which arrays are told. Initial margin is `initial_factor` times the risk."""

    scenarios: tuple[Scenario, ...]
    initial_factor: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if not self.scenarios:
            raise ValueError("scenarios must not be empty")
        names = [scenario.name for scenario in self.scenarios]
        if len(set(names)) < len(names):
            raise ValueError("scenarios must have names of their own")
        if self.initial_factor < 1:
            raise ValueError(f"initial_factor must be at least 1, got {self.initial_factor}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentrationTier:
    """One slice of a class's gross notional in USD, from `floor` on: `rate` of it is needed on top."""

    floor: Decimal
    rate: Decimal

    def __post_init__(self) -> None:
        require_not_negative("floor", self.floor)
        require_not_negative("rate", self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskClass:
    """How the positions of one underlying (the table's symbol) are scanned, netted and charged.

    A full move of 1 is `scan_range` (money for one unit of the underlying) or `scan_rate` (part of the mark); None of both:
    every position has an array. Classes of one `group` net scenario by scenario, `offset` (0 to 1) of what this one gains.
    """

    grid: str
    scan_range: Decimal | None = None
    scan_rate: Decimal | None = None
    group: str = ""
    offset: Decimal = Decimal(0)
    liquidity_rate: Decimal = Decimal(0)
    concentration: tuple[ConcentrationTier, ...] = ()

    def __post_init__(self) -> None:
        require_positive("scan_range", self.scan_range)
        require_positive("scan_rate", self.scan_rate)
        require_not_negative("offset", self.offset)
        require_not_negative("liquidity_rate", self.liquidity_rate)
        if self.scan_range is not None and self.scan_rate is not None:
            raise ValueError("scan_range and scan_rate must not be given both")
        if self.offset > 1:
            raise ValueError(f"offset must be at most 1, got {self.offset}")
        for lower, upper in pairwise(self.concentration):
            if upper.floor <= lower.floor or upper.rate < lower.rate:
                raise ValueError(f"concentration must rise, in floor and rate: at {upper.floor}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskArray:
    """What one contract held long gains (> 0) or loses in each scenario of a grid, in its settle asset, as it was published."""

    grid: str
    gains: tuple[Decimal, ...]

    def __post_init__(self) -> None:
        if not self.gains:
            raise ValueError("gains must not be empty")
