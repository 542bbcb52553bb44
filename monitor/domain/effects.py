"""Effects out of the engine: what changed, with every figure that a decision or an audit needs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.ids import SourcePosition
from monitor.domain.level import Level


class CauseKind(Enum):
    """What moved a pool."""

    PRICE = "price"
    EVENT = "event"
    TABLE = "table"
    CLOCK = "clock"
    VALUATION_STARTED = "valuation_started"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Cause:
    """The input that caused an effect: an event's kind and id, or a driver with its price before and after."""

    kind: CauseKind
    subject: str = ""
    price_before: float | None = None
    price_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChanged:
    """One pool changed its level; at most one per pool and input.

    Figures raw, in the pool's margin currency: `collateral_value` C, `maintenance_margin` M, `stress_notional` A.
    `margin_ratio` and `buffer_ratio` are None with the reason that contract 1 names. `old` None: never valued before.
    Figures are None where the pool has none (it was closed, or the venue's own figure alone decided).
    """

    seq: int
    engine_ns: int
    pool: str
    account: str
    old: Level | None
    new: Level | None
    cause: Cause
    certainty: Certainty
    collateral_value: float | None
    maintenance_margin: float | None
    stress_notional: float | None
    headroom: float | None
    margin_ratio: float | None
    margin_ratio_reason: str | None
    buffer_ratio: float | None
    buffer_ratio_reason: str | None
    margin_currency: str | None
    table_version: str


class CertaintySubject(Enum):
    """What the certainty of pools is read off."""

    DRIVER = "driver"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertaintyChanged:
    """A driver or an account became better or worse known; never one effect per pool."""

    seq: int
    engine_ns: int
    kind: CertaintySubject
    subject: str
    old: Certainty | DriverState
    new: Certainty | DriverState
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """The venue's whole account state was adopted after two agreeing states that differed from ours."""

    seq: int
    engine_ns: int
    account: str
    differences: tuple[tuple[str, Decimal, Decimal], ...]
    suspected_cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableApplied:
    """A version of a table came into force (or was withdrawn: version empty); `pools` is how many were valued afresh.

    None is, where the version says what the one before it said.
    """

    seq: int
    engine_ns: int
    key: str
    version: str
    pools: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRefused:
    """An input that passed its codec cannot be used: counted, logged, set aside. The stream goes on."""

    seq: int
    engine_ns: int
    source: str
    field: str
    value: str
    reason: str
    account: str | None
    position: SourcePosition | None


Effect = LevelChanged | CertaintyChanged | Repaired | TableApplied | InputRefused
