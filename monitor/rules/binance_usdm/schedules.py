"""The schedules that tables of this venue define."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain.tables import AssetIndexBuffers, TableKey, TableVersion
from monitor.rules.binance_usdm.assets import asset_pieces
from monitor.rules.schedules import table_schedules
from monitor.rules.tape import Piece, ScheduleKey


def schedules_in(key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
    """The schedules of a bracket table or of an asset's conversion; other tables define none."""
    table = version.table
    return asset_pieces(key.symbol, table) if isinstance(table, AssetIndexBuffers) else table_schedules(key, version)
