"""The schedules that tables of the plain book define, by table and for one pool."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.ids import symbol_of
from monitor.domain.tables import BorrowTiers, CollateralTiers, LeverageBrackets, TableKey, TableKind, TableVersion
from monitor.rules.brackets import bracket_pieces
from monitor.rules.coin_tiers import INITIAL, MAINTENANCE, OFF, OFF_PIECES, ON, borrow_pieces, collateral_pieces
from monitor.rules.generic.coins import borrow_schedule, collateral_schedule
from monitor.rules.generic.documents import VENUE
from monitor.rules.generic.tape import bracket_schedule
from monitor.rules.generic.valuation import Valuation
from monitor.rules.rulebook import Tables
from monitor.rules.tape import Piece, ScheduleKey


def schedules_in(key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
    """The schedules of a table, empty for tables that define none."""
    table = version.table
    if isinstance(table, LeverageBrackets):
        return {bracket_schedule(key.symbol): bracket_pieces(table)}
    if isinstance(table, CollateralTiers):
        on, off = collateral_schedule(key.symbol, ON), collateral_schedule(key.symbol, OFF)
        return {on: collateral_pieces(table), off: OFF_PIECES}
    if isinstance(table, BorrowTiers):
        return {borrow_schedule(key.symbol, which): borrow_pieces(table, which) for which in (MAINTENANCE, INITIAL)}
    return {}


def schedules_of(valuation: Valuation, tables: Tables) -> dict[ScheduleKey, tuple[Piece, ...]]:
    """Those that a pool's tape may name."""
    keys = [
        TableKey(VENUE, TableKind.LEVERAGE_BRACKETS, symbol_of(value.terms.position.instrument))
        for value in valuation.positions
    ]
    kinds = (TableKind.COLLATERAL_TIERS, TableKind.BORROW_TIERS)
    keys += [TableKey(VENUE, kind, coin.coin) for coin in valuation.coins for kind in kinds]
    found: dict[ScheduleKey, tuple[Piece, ...]] = {}
    for key in keys:
        version = tables.find(key)
        if version is not None:
            found.update(schedules_in(key, version))
    return found
