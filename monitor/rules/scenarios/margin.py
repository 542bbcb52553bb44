"""Scenario margin as a pool over all coins asks for it: valued, and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.exact import exact
from monitor.rules.multi_currency.extra_margin import ExtraValue, TapeBuild
from monitor.rules.positions import PositionValue
from monitor.rules.scenarios.classes import groups_of
from monitor.rules.scenarios.compile import compile_group
from monitor.rules.scenarios.value import GroupValue, charges, scenario_parts, value_group
from monitor.rules.terms import PositionLookup, PositionTerms


class ScenarioMargin:
    """The margin of a venue's scenario grids; `source` is named by its parts."""

    def __init__(self, venue: str, source: str) -> None:
        self._venue = venue
        self._source = source

    def value(
        self, positions: tuple[PositionValue, ...], indices: Mapping[str, Decimal], lookup: PositionLookup
    ) -> ExtraValue | None:
        """The margin at the positions' marks; None (with reasons noted) where a table is missing."""
        groups = groups_of([value.terms for value in positions], lookup)
        if lookup.reasons:
            return None
        taken = {value.terms.position.instrument: value.terms.taken(value.mark_price) for value in positions}
        values = [value_group(group, taken, indices) for group in groups]
        with exact():
            maintenance = sum((amount for value in values for _, amount, _ in charges(value)), Decimal(0))
            initial = sum(
                (amount * value.terms.grid.initial_factor for value in values for _, amount, _ in charges(value)), Decimal(0)
            )
        parts = [part for value in values for part in self._parts(value)]
        return ExtraValue(maintenance_margin=maintenance, initial_margin=initial, parts=tuple(parts))

    def compile(self, terms: tuple[PositionTerms, ...], lookup: PositionLookup, build: TapeBuild) -> None:
        """Add every group to a tape; what is missing is noted."""
        groups = groups_of(terms, lookup)
        if not lookup.reasons:
            for group in groups:
                compile_group(group, self._venue, build)

    def _parts(self, value: GroupValue) -> list[Part]:
        factor = value.terms.grid.initial_factor
        parts = []
        for name, amount, formula in charges(value):
            if amount:
                parts.append(self._part("maintenance_margin", name, amount, formula))
                with exact():
                    parts.append(self._part("initial_margin", name, amount * factor, formula))
        return [*parts, *scenario_parts(value, self._source)]

    def _part(self, figure: str, name: str, amount: Decimal, formula: str) -> Part:
        return Part(figure=figure, name=name, amount=amount, unit="USD", formula=formula, source=self._source)
