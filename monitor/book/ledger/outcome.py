"""What the ledger answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class FillKind(Enum):
    """What became of a fill. DUPLICATE: its identity was applied before. CONTAINED: the last agreed state holds it already."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    CONTAINED = "contained"


@dataclass(frozen=True, slots=True)
class FillOutcome:
    """A fill's outcome.

    `rounding_exceeded`: the printed realised PnL is further from ours than the venue's printing explains. `isolated`: the
    fill moved an isolated position, whose wallet only the venue knows until it states it again.
    """

    kind: FillKind
    rounding_exceeded: bool
    isolated: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that our ledger and the venue's state do not share, at the state's venue time.

    `field` is `wallet/<asset>`, `size/<instrument>/<side>`, `entry_price/...` or `isolated_wallet/...`.
    """

    field: str
    ours: Decimal
    theirs: Decimal
