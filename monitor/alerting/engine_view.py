"""The engine as alerting reads it."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.alerting.labels import NO_OWNER, AlertContext
from monitor.alerting.view import Doubtful, Outlook
from monitor.domain.alert import BlindCause
from monitor.domain.certainty import Certainty
from monitor.domain.ids import account_of, venue_of
from monitor.domain.level import Level
from monitor.engine import Engine


class EngineAlertView:
    """Implements `AlertView` over the live engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._outlooks = engine.outlooks

    def context(self, account: str) -> AlertContext | None:
        """Venue, owner and entity of an account."""
        watched = self._outlooks.account(account)
        if watched is None:
            return None
        return AlertContext(venue=venue_of(account), owner=watched.owner or NO_OWNER, entity=watched.entity)

    def declarations(self) -> int:
        """How many account declarations this process took."""
        return sum(
            count for (_venue, kind), count in self._engine.counters.account_events.items() if kind == "account_declared"
        )

    def outlook(self, pool: str) -> Outlook | None:
        """Level and certainty of a pool."""
        found = self._outlooks.pool(pool)
        return None if found is None else Outlook(*found)

    def is_watched(self, account: str) -> bool:
        """Whether the account is known and opened."""
        watched = self._outlooks.account(account)
        return watched is not None and watched.is_opened

    def is_proven(self, pool: str, since_ns: int) -> bool:
        """Prices received, and for an account on a stream a complete state agreed, after `since_ns`.

        An account on Kafka is proven by the catch-up, which ended before anybody asks.
        """
        watched = self._outlooks.account(account_of(pool))
        if watched is None:
            return False
        oldest_ns = self._outlooks.oldest_price_recv_ns(pool)
        if oldest_ns is not None and oldest_ns < since_ns:
            return False
        if not self._outlooks.is_on_stream(watched):
            return True
        return watched.last_agreed_ns is not None and watched.last_agreed_ns >= since_ns

    def holders(self, driver: str) -> int:
        """How many pools hold a driver."""
        return self._outlooks.holder_count(driver)

    def alertable(self) -> Iterator[tuple[str, Level]]:
        """Pools at WARNING or worse."""
        for pool, level in self._outlooks.levels():
            if level is not None and level >= Level.WARNING:
                yield pool, level

    def doubtful(self) -> Iterator[Doubtful]:
        """Drivers that are STALE, and opened accounts that are RECONCILING or worse."""
        for driver in self._outlooks.stale_drivers():
            yield Doubtful(BlindCause.PRICE, driver, Certainty.STALE)
        for watched in self._outlooks.accounts():
            if watched.is_opened and not watched.certainty.may_release:
                yield Doubtful(BlindCause.ACCOUNT, watched.account, watched.certainty)

    def unopened(self) -> Iterator[Doubtful]:
        """Accounts never opened; pools without table or first price, once pools are valued at all."""
        for watched in self._outlooks.accounts():
            if not watched.is_opened:
                yield Doubtful(BlindCause.ACCOUNT, watched.account, Certainty.UNKNOWN)
        if self._engine.is_valuing:
            for pool, lacks_price in self._outlooks.lacking():
                yield Doubtful(BlindCause.PRICE if lacks_price else BlindCause.TABLE, pool, Certainty.UNKNOWN)
