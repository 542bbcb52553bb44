"""What a simulated venue is started with."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.simulator.faults import FaultSwitches
from connectors.simulator.market import MarketPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """One venue. The same settings with a `start_time_ms` and the same steps give the same run, to the last digit.

    `start_time_ms`: venue time at the start; None takes the wall clock. `tick_interval_s`: time between two sets of
    mark prices. `step_interval_s`: how often `run()` moves the venue on; fills come between ticks. Rates are events
    a second over all accounts. `check_timestamps`: refuse a signed request whose timestamp is outside its window;
    switch off where venue time is stepped by hand and clients sign by the wall clock. `listen_key_validity_s` is 60
    minutes at the venue. `weight_limit_per_minute`: None does not limit. `trading_keys`: so many of the first
    accounts have keys that may trade and withdraw, all others are read-only. `kept_ticks`: length of the history of prices.
    """

    host: str = "127.0.0.1"
    port: int = 0
    accounts: int = 320
    seed: int = 1
    start_time_ms: int | None = None
    tick_interval_s: float = 1.0
    step_interval_s: float = 0.25
    funding_interval_s: int = 300
    trades_per_s: float = 2.0
    transfers_per_s: float = 0.1
    setting_changes_per_s: float = 0.05
    orders_per_s: float = 0.1
    schedule: tuple[MarketPhase, ...] = ()
    faults: FaultSwitches = field(default_factory=FaultSwitches)
    check_timestamps: bool = True
    listen_key_validity_s: int = 3600
    weight_limit_per_minute: int | None = None
    trading_keys: int = 0
    kept_ticks: int = 7200

    def __post_init__(self) -> None:
        if self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(f"host = {self.host!r}: the simulated venue has no protection and listens on loopback only")
        if self.accounts < 1 or self.tick_interval_s <= 0 or self.step_interval_s <= 0 or self.funding_interval_s < 1:
            raise ValueError("accounts, tick_interval_s, step_interval_s and funding_interval_s must be positive")
