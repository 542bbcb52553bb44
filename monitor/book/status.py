"""What the book shows of itself to readers: plain rows, read at any moment, exact at the current drivers.

The engine hands these out (`pool_statuses()`, `account_statuses()`, `driver_statuses()`, `counters`); analytics, alerting and
telemetry read them and nothing deeper.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.double_entry import DoubleEntry
from monitor.domain.ids import DriverKey
from monitor.domain.level import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatus:
    """One pool now. Figures in `margin_currency`; None where there are none, with the reason (contract 1).

    `level_since_ns` is engine time of the last level change, `unit_price` the USD index of the margin currency (1.0 where it
    is USD, None when never seen), `inputs_recv_ns` the receive time of the oldest price the pool stands on (None: it holds no
    priced thing), `venue_margin_ratio` the venue's own ratio in our direction beside ours.
    `double_entry` is the last comparison with the venue's own figures, `venue_residual_ratio` its largest residual as a share.
    """

    pool: str
    account: str
    venue: str
    level: Level | None
    level_since_ns: int
    certainty: Certainty
    certainty_reasons: tuple[str, ...]
    is_empty: bool
    margin_currency: str | None
    collateral_value: float | None
    maintenance_margin: float | None
    initial_margin: float | None
    stress_notional: float | None
    headroom: float | None
    margin_ratio: float | None
    margin_ratio_reason: str | None
    buffer_ratio: float | None
    buffer_ratio_reason: str | None
    unit_price: float | None
    headroom_usd: float | None
    headroom_usd_reason: str | None
    inputs_recv_ns: int | None
    venue_margin_ratio: float | None
    venue_figures: dict[str, str] = field(default_factory=dict)
    double_entry: DoubleEntry | None = None
    venue_residual_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """One account now. `equity_usd` is the last known sum of its pools' collateral value in USD, None when never known."""

    account: str
    venue: str
    mode: str
    position_mode: str
    entity: str | None
    owner: str | None
    profile: str
    tags: dict[str, str]
    certainty: Certainty
    certainty_reasons: tuple[str, ...]
    certainty_since_ns: int
    source: str
    last_event_recv_ns: int
    last_agreed_ns: int | None
    equity_usd: float | None
    pools: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverStatus:
    """One driver now: its last price with both times, and how many pools hold it."""

    index: int
    key: DriverKey
    state: DriverState
    price: float | None
    ts_event_ns: int
    ts_recv_ns: int
    holders: int


@dataclass(slots=True)
class Counters:
    """Running counts of the engine since its start; keys are label values of the metrics of contract 9."""

    ticks: dict[str, int] = field(default_factory=dict)
    account_events: dict[tuple[str, str], int] = field(default_factory=dict)
    level_changes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    records_refused: dict[tuple[str, str], int] = field(default_factory=dict)
    duplicates: int = 0
    prices_late: int = 0
    prices_ahead: int = 0
    prices_coalesced: int = 0
    negative_ages: int = 0
    reference_decisions: int = 0
