"""Margin that long and short positions of one underlying share: the larger side needs it, the smaller none.

    margin of an underlying = max(sum of its longs, sum of its shorts), maintenance and initial alike, in USD

A position's own margin is that of its bracket (`monitor.rules.brackets`), and notional / leverage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.report import Part
from monitor.domain.tables import LeverageBrackets, TableKind
from monitor.rules.brackets import maintenance_margin
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact, quotient, text
from monitor.rules.multi_currency.extra_margin import ExtraValue, TapeBuild
from monitor.rules.positions import PositionValue
from monitor.rules.schedules import bracket_schedule
from monitor.rules.tape import INITIAL_CELL, MAINTENANCE_CELL, NO_CELL, Leg, Node, NodeMode
from monitor.rules.terms import PositionLookup, PositionTerms

_SIDES = ("long", "short")
_ZERO = Decimal(0)


@dataclass(slots=True)
class _Side:
    """What the positions of one side need, in USD."""

    maintenance: Decimal = _ZERO
    initial: Decimal = _ZERO


class NettedMargin:
    """The margin of a venue that nets by underlying; `source` is named by its parts."""

    def __init__(self, venue: str, source: str) -> None:
        self._venue = venue
        self._source = source

    def value(
        self, positions: tuple[PositionValue, ...], indices: Mapping[str, Decimal], lookup: PositionLookup
    ) -> ExtraValue | None:
        """The margin at the positions' marks; None (with reasons noted) where a table is missing."""
        brackets = _brackets_of([value.terms for value in positions], lookup)
        if lookup.reasons:
            return None
        sides: dict[str, dict[str, _Side]] = {}
        for value in positions:
            terms = value.terms
            own = sides.setdefault(terms.instrument.base, {side: _Side() for side in _SIDES})[_side(terms)]
            index = indices[terms.settle_asset]
            with exact():
                own.maintenance += maintenance_margin(brackets[terms.position.instrument], value.notional) * index
                own.initial += _initial_per_unit(terms) * terms.taken(value.mark_price) * index
        parts = [part for base in sorted(sides) for part in self._parts(base, sides[base])]
        with exact():
            return ExtraValue(
                maintenance_margin=sum((_larger(one).maintenance for one in sides.values()), _ZERO),
                initial_margin=sum((max(side.initial for side in one.values()) for one in sides.values()), _ZERO),
                parts=tuple(parts),
            )

    def compile(self, terms: tuple[PositionTerms, ...], lookup: PositionLookup, build: TapeBuild) -> None:
        """Add two cells an underlying, its longs and its shorts, and the larger of them; what is missing is noted."""
        _brackets_of(terms, lookup)
        if lookup.reasons:
            return
        for base in sorted({term.instrument.base for term in terms}):
            maintenance, initial = (build.cell(), build.cell()), (build.cell(), build.cell())
            for place, side in enumerate(_SIDES):
                own = [term for term in terms if term.instrument.base == base and _side(term) == side]
                self._compile_side(own, maintenance[place], initial[place], build)
            build.program.append(Node(NodeMode.MAX, maintenance[0], MAINTENANCE_CELL, width=2))
            build.program.append(Node(NodeMode.MAX, initial[0], INITIAL_CELL, width=2))

    def _compile_side(self, terms: list[PositionTerms], maintenance: int, initial: int, build: TapeBuild) -> None:
        for coin in sorted({term.settle_asset for term in terms}):
            cells, index = (build.cell(), build.cell()), index_driver(self._venue, coin)
            build.legs += [
                Leg(
                    driver=term.driver,
                    quantity=term.quantity,
                    value_cell=NO_CELL,
                    margin_cell=cells[0],
                    initial_cell=cells[1],
                    schedule=bracket_schedule(term.position.instrument),
                    initial_rate=_initial_per_unit(term),
                )
                for term in terms
                if term.settle_asset == coin
            ]
            build.program.append(Node(NodeMode.MAP, cells[0], maintenance, scale=index))
            build.program.append(Node(NodeMode.MAP, cells[1], initial, scale=index))

    def _parts(self, base: str, sides: Mapping[str, _Side]) -> list[Part]:
        maintenance, initial = _larger(sides).maintenance, max(side.initial for side in sides.values())
        told = ", ".join(f"{name} {text(side.maintenance)}" for name, side in sides.items())
        return [
            self._part("maintenance_margin", base, maintenance, f"the larger of {told}"),
            self._part("initial_margin", base, initial, "the larger side's notional / leverage"),
        ]

    def _part(self, figure: str, base: str, amount: Decimal, formula: str) -> Part:
        return Part(figure=figure, name=f"positions of {base}", amount=amount, unit="USD", formula=formula, source=self._source)


def _brackets_of(terms: Sequence[PositionTerms], lookup: PositionLookup) -> dict[str, LeverageBrackets]:
    found: dict[str, LeverageBrackets] = {}
    for term in terms:
        version = lookup.table(TableKind.LEVERAGE_BRACKETS, term.symbol)
        if version is not None and isinstance(version.table, LeverageBrackets):
            found[term.position.instrument] = version.table
    return found


def _side(terms: PositionTerms) -> str:
    return _SIDES[0] if terms.quantity > 0 else _SIDES[1]


def _larger(sides: Mapping[str, _Side]) -> _Side:
    return max(sides.values(), key=lambda side: side.maintenance)


def _initial_per_unit(terms: PositionTerms) -> Decimal:
    """0 where the leverage is not known: the pool's initial margin is then unknown with that reason."""
    leverage = terms.position.leverage
    return _ZERO if leverage is None else quotient(terms.quantity.copy_abs(), leverage)
