"""What analytics and telemetry read of the engine: nothing here changes state, every answer is of one moment."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from monitor.book.status import AccountStatus, Counters, DriverStatus, PoolStatus
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.domain.profile import SwitchSet
from monitor.rules.rulebook import Rulebook, Tables


class AccountView(Protocol):
    """Enough to report accounts: the live engine, or a copy of a few accounts frozen at one seq."""

    @property
    def seq(self) -> int:
        """The last input that was processed."""

    @property
    def now_ns(self) -> int:
        """Engine time, UTC ns."""

    @property
    def tables(self) -> Tables:
        """The risk parameters in force."""

    def account_status(self, account: str) -> AccountStatus | None:
        """One account, None when it is not known."""

    def pool_status(self, pool: str) -> PoolStatus | None:
        """One pool, None when it is not known."""

    def holdings(self, account: str) -> AccountHoldings:
        """What an account holds."""

    def pool_holdings(self, pool: str) -> PoolHoldings | None:
        """What one pool holds, None when it is not known."""

    def price(self, key: DriverKey) -> Decimal | None:
        """The price of a driver as printed, None when it was never seen."""

    def rulebook(self, venue: str) -> Rulebook:
        """The rules of a venue."""

    def switch_set(self, pool: str) -> SwitchSet:
        """The boundaries that the pool's profile sets."""


class RiskView(AccountView, Protocol):
    """The whole engine as readers see it."""

    @property
    def is_valuing(self) -> bool:
        """Whether the kernels are compiled; before it every level is null."""

    @property
    def counters(self) -> Counters:
        """Running counts since the start."""

    def account_ids(self) -> list[str]:
        """All accounts, sorted; their statuses are then read one by one, in slices."""

    def driver_statuses(self) -> list[DriverStatus]:
        """All drivers in order of their indices."""
