"""Scenario grids, risk classes and risk arrays of an account file, in the domain's form."""

from __future__ import annotations

from monitor.assess.table_entries import RiskArrayEntry, RiskClassEntry, ScenarioGridEntry, TablesEntry
from monitor.assess.versions import Put, version_of
from monitor.domain.scenario_tables import ConcentrationTier, RiskArray, RiskClass, Scenario, ScenarioGrid
from monitor.domain.tables import TableKind


def put_grids(tables: TablesEntry, put: Put, source: str) -> None:
    """Hand over a file's tables of portfolio margin; raises `BadInput` naming the one that is not well formed."""
    for index, grid in enumerate(tables.scenario_grids):
        where = f"tables.scenario_grids[{index}]"
        put(TableKind.SCENARIO_GRID, grid.grid, version_of(grid, _grid, where, source), where)
    for index, one in enumerate(tables.risk_classes):
        where = f"tables.risk_classes[{index}]"
        put(TableKind.RISK_CLASS, one.underlying, version_of(one, _class, where, source), where)
    for index, array in enumerate(tables.risk_arrays):
        where = f"tables.risk_arrays[{index}]"
        put(TableKind.RISK_ARRAY, array.instrument, version_of(array, _array, where, source), where)


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


def _array(entry: RiskArrayEntry) -> RiskArray:
    return RiskArray(grid=entry.grid, gains=tuple(entry.gains))
