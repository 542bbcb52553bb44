"""Margin that the positions of a pool need together, valued and compiled by a venue's own module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from monitor.domain.report import Part
from monitor.rules.positions import PositionValue
from monitor.rules.tape import Leg, Node
from monitor.rules.terms import PositionLookup, PositionTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraValue:
    """What is needed, in USD, with its parts."""

    maintenance_margin: Decimal = Decimal(0)
    initial_margin: Decimal = Decimal(0)
    parts: tuple[Part, ...] = ()


@dataclass(slots=True)
class TapeBuild:
    """A tape as it grows: cells with their constants, legs and nodes."""

    base: list[Decimal]
    legs: list[Leg] = field(default_factory=list)
    program: list[Node] = field(default_factory=list)

    def cell(self, constant: Decimal = Decimal(0)) -> int:
        """A new cell; its place."""
        self.base.append(constant)
        return len(self.base) - 1


class ExtraMargin(Protocol):
    """Values and compiles the same function."""

    def value(
        self, positions: tuple[PositionValue, ...], indices: Mapping[str, Decimal], lookup: PositionLookup
    ) -> ExtraValue | None:
        """The margin at the positions' marks, `indices` in USD a coin; None (with reasons noted) where a table is missing."""

    def compile(self, terms: tuple[PositionTerms, ...], lookup: PositionLookup, build: TapeBuild) -> None:
        """Add what the margin is made of to a tape; what is missing is noted."""
