"""Scenario grids, risk classes and risk arrays of an account file, in the domain's form."""

from __future__ import annotations

from monitor.assess.account_file import RiskArrayEntry, RiskClassEntry, ScenarioGridEntry, TablesEntry
from monitor.assess.tiers_in import Put
from monitor.domain.errors import BadInput
from monitor.domain.scenario_tables import ConcentrationTier, RiskArray, RiskClass, Scenario, ScenarioGrid
from monitor.domain.tables import Table, TableKind, TableVersion

_Entry = ScenarioGridEntry | RiskClassEntry | RiskArrayEntry


def put_grids(tables: TablesEntry, put: Put, source: str) -> None:
    """Hand over a file's tables of portfolio margin; raises `BadInput` naming the one that is not well formed."""
    for index, grid in enumerate(tables.scenario_grids):
        where = f"tables.scenario_grids[{index}]"
        put(TableKind.SCENARIO_GRID, grid.grid, _version(grid, where, source), where)
    for index, one in enumerate(tables.risk_classes):
        where = f"tables.risk_classes[{index}]"
        put(TableKind.RISK_CLASS, one.underlying, _version(one, where, source), where)
    for index, array in enumerate(tables.risk_arrays):
        where = f"tables.risk_arrays[{index}]"
        put(TableKind.RISK_ARRAY, array.instrument, _version(array, where, source), where)


def _version(entry: _Entry, where: str, source: str) -> TableVersion:
    try:
        table = _table(entry)
    except ValueError as error:
        raise BadInput(str(error), field=where, source=source) from error
    return TableVersion(
        version=entry.version, effective_ns=0, table=table, source=entry.source or source, verified=entry.verified
    )


def _table(entry: _Entry) -> Table:
    if isinstance(entry, ScenarioGridEntry):
        return _grid(entry)
    if isinstance(entry, RiskClassEntry):
        return _class(entry)
    return RiskArray(grid=entry.grid, gains=tuple(entry.gains))


def _grid(entry: ScenarioGridEntry) -> ScenarioGrid:
    scenarios = tuple(Scenario(name=one.name, move=one.move, share=one.share) for one in entry.scenarios)
    return ScenarioGrid(scenarios=scenarios, initial_factor=entry.initial_factor)


def _class(entry: RiskClassEntry) -> RiskClass:
    return RiskClass(
        grid=entry.grid,
        scan_range=entry.scan_range,
        scan_rate=entry.scan_rate,
        group=entry.group,
        offset=entry.offset,
        liquidity_rate=entry.liquidity_rate,
        concentration=tuple(ConcentrationTier(floor=tier.floor, rate=tier.rate) for tier in entry.concentration),
    )
