"""One pool as the engine keeps it: its faces in the columns, its level, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from monitor.domain.double_entry import DoubleEntry
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.domain.tables import TableKey
from monitor.rules.tape import Trigger

NO_SLOT = -1
NEVER_VALUED = -1


@dataclass(slots=True)
class Face:
    """One compilation of a pool: ours, or the venue's while an account is UNVERIFIED. `level` survives while it has no slot.

    `holdings` is what was compiled: of an account that waits for an isolated wallet that is what stood before the fill.
    `missing` names what no figure can be had without; then the level stays as it was.
    """

    slot: int = NO_SLOT
    level: int = NEVER_VALUED
    holdings: PoolHoldings | None = None
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class PoolEntry:
    """One pool. Mutable, written by the engine alone.

    `level` is what the world was told: the highest of the faces' levels and of `venue_level`, the switches that the venue's own
    ratio holds on. `tables` are those that it was last compiled from; which versions they have now is asked of the tables.
    """

    pool: str
    account: str
    holdings: PoolHoldings
    ours: Face = field(default_factory=Face)
    venues: Face | None = None
    venue_level: int = 0
    level: int = NEVER_VALUED
    level_since_ns: int = 0
    margin_currency: str | None = None
    unit: DriverKey | None = None
    trigger: Trigger = field(default_factory=Trigger)
    tables: tuple[TableKey, ...] = ()
    verified: bool = True
    initial_margin_reason: str | None = None
    venue_margin_ratio: Decimal | None = None
    venue_figures: dict[str, Decimal] = field(default_factory=dict)
    double_entry: DoubleEntry | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """What our own holdings lack for a figure."""
        return self.ours.missing

    def faces(self) -> tuple[Face, ...]:
        """Ours, and the venue's while there is one."""
        return (self.ours,) if self.venues is None else (self.ours, self.venues)
