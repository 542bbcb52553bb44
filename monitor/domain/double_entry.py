"""Double entry: what the venue itself says of a pool, and how it stands beside ours at the same moment.

Residuals are ours less theirs, in the unit of the figure. A tolerance is one unit in the last digit that the venue printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum


class Leader(Enum):
    """Whose number: ours, or the venue's."""

    OURS = "ours"
    VENUE = "venue"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPosition:
    """One position as the venue told it. `side` is `long` or `short`; `figures` by the names of our own position report."""

    instrument: str
    side: str
    figures: dict[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedAsset:
    """One asset as the venue told it: `balance`, `equity` (in the asset), `collateral_value` (in the margin currency)."""

    asset: str
    figures: dict[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueReported:
    """What the venue said of one pool at `at_ns` (UTC). `figures` by the venue's own names, with the digits it printed."""

    at_ns: int
    figures: dict[str, Decimal] = field(default_factory=dict)
    positions: tuple[ReportedPosition, ...] = ()
    assets: tuple[ReportedAsset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFigure:
    """One figure of the venue beside ours. `residual` and `agrees` are None with a `reason` where nothing is compared."""

    figure: str
    ours: Decimal | None
    venue: Decimal
    residual: Decimal | None
    tolerance: Decimal
    agrees: bool | None
    sentence: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDifference:
    """A part that ours and the venue's figures do not share, and what that hints at. `name`: a position, an asset, the pool."""

    part: str
    name: str
    ours: Decimal | None
    venue: Decimal
    hint: str

    def __str__(self) -> str:
        ours = "unknown" if self.ours is None else f"{self.ours:f}"
        return f"{self.part} of {self.name}: ours {ours}, venue {self.venue:f}: {self.hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleEntry:
    """Ours and the venue's side by side. `at` is the venue's time, RFC 3339.

    `sentence` tells the first figure that differs with the part that does, or the first of all when they agree. `agrees` is
    None with a `reason` when nothing was compared (an old figure, an unknown one of ours). `differs` are the
    parts that differ, the one to look at first in front. `leads`: whose number stands in front, the venue's where our formula
    is not confirmed by a document. `drives`: whose number gives the level. `venue_margin_ratio` is the venue's in our
    direction (1.0 = liquidation).
    """

    at: str
    agrees: bool | None
    sentence: str
    figures: tuple[ComparedFigure, ...]
    differs: tuple[PartDifference, ...] = ()
    leads: Leader = Leader.OURS
    drives: Leader = Leader.OURS
    venue_margin_ratio: Decimal | None = None
    reason: str | None = None
