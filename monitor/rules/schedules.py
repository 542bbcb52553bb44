"""The schedules that tables of the shared kinds define: brackets, collateral tiers and borrow tiers.

A schedule's kind is that of its table, so that the table of a schedule is found by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from monitor.domain.ids import subject_id, symbol_of, venue_of
from monitor.domain.scenario_tables import RiskClass
from monitor.domain.tables import BorrowTiers, CollateralTiers, LeverageBrackets, TableKey, TableKind, TableVersion
from monitor.rules.brackets import bracket_pieces
from monitor.rules.coin_tiers import (
    HAIRCUT,
    HAIRCUT_OFF,
    INITIAL,
    MAINTENANCE,
    OFF,
    OFF_PIECES,
    ON,
    borrow_pieces,
    collateral_pieces,
    haircut_pieces,
)
from monitor.rules.exact import exact
from monitor.rules.rulebook import Tables
from monitor.rules.tape import Piece, ScheduleKey, Tape

OFFSET = "offset"
CONCENTRATION = "concentration"

TableSchedules = Callable[[TableKey, TableVersion], Mapping[ScheduleKey, tuple[Piece, ...]]]


def bracket_schedule(instrument: str) -> ScheduleKey:
    """The schedule of an instrument's maintenance margin."""
    return ScheduleKey(venue_of(instrument), TableKind.LEVERAGE_BRACKETS.value, symbol_of(instrument))


def collateral_schedule(venue: str, coin: str, variant: str) -> ScheduleKey:
    """A schedule of a coin's equity: `on` as collateral, `off` where the account has switched it off, and of both the
    `haircut`, what it counts less than in full.
    """
    return ScheduleKey(venue, TableKind.COLLATERAL_TIERS.value, coin, variant)


def borrow_schedule(venue: str, coin: str, which: str) -> ScheduleKey:
    """The schedule of the margin that a coin needs below 0: `maintenance` or `initial`."""
    return ScheduleKey(venue, TableKind.BORROW_TIERS.value, coin, which)


def table_schedules(key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
    """The schedules of a table of a shared kind, empty for tables that define none."""
    table, venue = version.table, key.venue
    if isinstance(table, LeverageBrackets):
        return {bracket_schedule(subject_id(venue, key.symbol)): bracket_pieces(table)}
    if isinstance(table, CollateralTiers):
        counted = collateral_pieces(table)
        found = {ON: counted, OFF: OFF_PIECES, HAIRCUT: haircut_pieces(counted), HAIRCUT_OFF: haircut_pieces(OFF_PIECES)}
        return {collateral_schedule(venue, key.symbol, variant): pieces for variant, pieces in found.items()}
    if isinstance(table, RiskClass):
        pieces = {OFFSET: offset_pieces(table), CONCENTRATION: concentration_pieces(table)}
        return {ScheduleKey(venue, key.kind.value, key.symbol, variant): found for variant, found in pieces.items()}
    if isinstance(table, BorrowTiers):
        return {borrow_schedule(venue, key.symbol, which): borrow_pieces(table, which) for which in (MAINTENANCE, INITIAL)}
    return {}


def offset_pieces(table: RiskClass) -> tuple[Piece, ...]:
    """A class's loss in full, of a gain (below 0) the share that offsets others."""
    return Piece(Decimal("-Infinity"), table.offset, Decimal(0)), Piece(Decimal(0), Decimal(1), Decimal(0))


def concentration_pieces(table: RiskClass) -> tuple[Piece, ...]:
    """What is charged on a class's gross notional, slice by slice."""
    pieces = [Piece(Decimal(0), Decimal(0), Decimal(0))]
    with exact():
        for tier in table.concentration:
            before = pieces[-1]
            offset = before.slope * tier.floor + before.offset - tier.rate * tier.floor
            following = Piece(tier.floor, tier.rate, offset)
            pieces = [following] if tier.floor == 0 else [*pieces, following]
    return tuple(pieces)


def schedules_of_tape(tape: Tape, tables: Tables, schedules: TableSchedules) -> dict[ScheduleKey, tuple[Piece, ...]]:
    """Every schedule that a tape names, by a venue's own reading of its tables."""
    named = {leg.schedule for leg in tape.legs} | {node.schedule for node in tape.program}
    keys = {TableKey(key.venue, TableKind(key.kind), key.symbol) for key in named if key is not None}
    found: dict[ScheduleKey, tuple[Piece, ...]] = {}
    for key in keys:
        version = tables.find(key)
        if version is not None:
            found.update(schedules(key, version))
    return found
