"""What the tables say of positions in scenarios: each position's gains as straight lines of its driver, classes and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.ids import symbol_of
from monitor.domain.instrument import InstrumentKind
from monitor.domain.scenario_tables import RiskArray, RiskClass, Scenario, ScenarioGrid
from monitor.domain.tables import TableKind
from monitor.rules.exact import exact, quotient
from monitor.rules.terms import PositionLookup, PositionTerms

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Member:
    """A position in its class: its gain in scenario s is `constants[s] + slopes[s] * driver`, in its settle asset."""

    terms: PositionTerms
    constants: tuple[Decimal, ...]
    slopes: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class ClassTerms:
    """The positions of one underlying, with the tables of their class."""

    name: str
    table: RiskClass
    grid: ScenarioGrid
    members: tuple[Member, ...]

    @property
    def coins(self) -> tuple[str, ...]:
        """The assets that its positions settle in, sorted."""
        return tuple(sorted({member.terms.settle_asset for member in self.members}))


@dataclass(frozen=True, slots=True)
class Group:
    """Classes that net scenario by scenario; a class without a group is one of its own."""

    name: str
    grid: ScenarioGrid
    classes: tuple[ClassTerms, ...]


def groups_of(terms: Sequence[PositionTerms], lookup: PositionLookup) -> tuple[Group, ...]:
    """The groups of a pool's positions in order of their names; what is missing is noted, and left out."""
    bases = sorted({term.instrument.base for term in terms})
    classes = [_class(base, [term for term in terms if term.instrument.base == base], lookup) for base in bases]
    found: dict[str, list[ClassTerms]] = {}
    for one in classes:
        if one is not None:
            found.setdefault(one.table.group or one.name, []).append(one)
    for name, members in found.items():
        if len({one.table.grid for one in members}) > 1:
            lookup.miss(f"classes of group {name} have several grids")
    return tuple(Group(name, members[0].grid, tuple(members)) for name, members in sorted(found.items()))


def _class(base: str, terms: list[PositionTerms], lookup: PositionLookup) -> ClassTerms | None:
    found = lookup.table(TableKind.RISK_CLASS, base)
    table = None if found is None else found.table
    if not isinstance(table, RiskClass):
        return None
    version = lookup.table(TableKind.SCENARIO_GRID, table.grid)
    grid = None if version is None else version.table
    if not isinstance(grid, ScenarioGrid):
        return None
    members = [_member(term, table, grid, lookup) for term in terms]
    return ClassTerms(base, table, grid, tuple(member for member in members if member is not None))


def _member(terms: PositionTerms, table: RiskClass, grid: ScenarioGrid, lookup: PositionLookup) -> Member | None:
    array = lookup.risk_array(terms)
    if array is not None:
        return _published(terms, array, table, grid, lookup)
    name = terms.position.instrument
    if terms.instrument.kind is InstrumentKind.OPTION:
        lookup.miss(f"{name} is an option: its risk array is not loaded")
        return None
    is_inverse = terms.instrument.kind.is_inverse
    if table.scan_rate is None and (table.scan_range is None or is_inverse):
        lookup.miss(f"{name} has no risk array, and its class {terms.instrument.base} no scan for it")
        return None
    if is_inverse and any(1 + scenario.move * (table.scan_rate or _ZERO) <= 0 for scenario in grid.scenarios):
        lookup.miss(f"a scenario of {table.grid} takes the price of {name} to 0 or below")
        return None
    lines = [_line(terms, table, scenario) for scenario in grid.scenarios]
    return Member(terms, tuple(constant for constant, _ in lines), tuple(slope for _, slope in lines))


def _published(
    terms: PositionTerms, array: RiskArray, table: RiskClass, grid: ScenarioGrid, lookup: PositionLookup
) -> Member | None:
    """An array stands as it was published: shares of extreme scenarios are in it."""
    if array.grid != table.grid or len(array.gains) != len(grid.scenarios):
        lookup.miss(f"risk array of {symbol_of(terms.position.instrument)} is not one of grid {table.grid}")
        return None
    with exact():
        gains = tuple(terms.position.size * gain for gain in array.gains)
    return Member(terms, gains, (_ZERO,) * len(gains))


def _line(terms: PositionTerms, table: RiskClass, scenario: Scenario) -> tuple[Decimal, Decimal]:
    """Constant and slope of a position's gain: linear `q*m * P`; inverse `q * (1/P - 1/(P * (1+m))) = q*m/(1+m) * 1/P`."""
    with exact():
        if table.scan_rate is None:
            return terms.quantity * scenario.move * (table.scan_range or _ZERO) * scenario.share, _ZERO
        move = scenario.move * table.scan_rate
        if terms.instrument.kind.is_inverse:
            move = quotient(move, 1 + move)
        return _ZERO, terms.quantity * move * scenario.share
