"""What the tables say about a pool's positions and assets; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from monitor.domain.tables import AssetIndexBuffers, TableKind
from monitor.rules.binance_usdm.documents import VENUE
from monitor.rules.rulebook import Tables
from monitor.rules.terms import LINEAR, PositionLookup


class Lookup(PositionLookup):
    """Reads what values a pool of this venue."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(VENUE, tables, LINEAR, "not covered by the USDⓈ-M rules")

    def buffers(self, asset: str) -> AssetIndexBuffers | None:
        """How an asset converts in multi-assets mode."""
        found = self.table(TableKind.ASSET_INDEX, asset)
        return found.table if found is not None and isinstance(found.table, AssetIndexBuffers) else None
