"""Keys of private streams: made at each connection, renewed well before the hour in which the venue lets them expire."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random

import structlog

from connectors.feed_health import FeedState
from connectors.venues.binance.account_feed import AccountFeed
from connectors.venues.binance.addresses import listen_key_decoder, private_address
from connectors.venues.binance.credentials import Credentials
from connectors.venues.binance.decoding import decode
from connectors.venues.binance.rest_client import LISTEN_KEY_UNKNOWN, BinanceRest, RestRefused
from monitor.domain.errors import Transient
from monitor.domain.ports import Clock

_LOG = structlog.get_logger()
_PATH = "/fapi/v1/listenKey"
_RETRY_S = 60.0


@dataclass(slots=True)
class _Lease:
    feed: AccountFeed
    credentials: Credentials
    due_ns: int


class ListenKeys:
    """The keys of all accounts of one connection. A renewal that fails is shown at once and tried again in a minute."""

    def __init__(self, rest: BinanceRest, stream_url: str, renewal_s: float, clock: Clock, random: Random) -> None:
        self._rest = rest
        self._stream_url = stream_url
        self._renewal_s = renewal_s
        self._clock = clock
        self._random = random
        self._leases: list[_Lease] = []
        self.failures = 0

    def add(self, feed: AccountFeed, credentials: Credentials) -> None:
        """Renew this account's key from now on; the first time is spread, so that many accounts do not ask at once."""
        self._leases.append(_Lease(feed, credentials, self._due_ns(self._renewal_s * self._random.uniform(0.5, 1.0))))

    async def address(self, credentials: Credentials) -> str:
        """The address of a private socket with a key that is valid now; raises Transient."""
        answer = await self._rest.keyed("POST", _PATH, credentials)
        return private_address(self._stream_url, decode(listen_key_decoder, answer.body, _PATH).listen_key)

    async def renew(self) -> None:
        """Renew what is due, until cancelled."""
        pause_s = min(5.0, self._renewal_s / 10)
        while True:
            await asyncio.sleep(pause_s)
            now_ns = self._clock.now_ns()
            for lease in self._leases:
                if lease.due_ns <= now_ns:
                    await self._renew(lease)

    async def _renew(self, lease: _Lease) -> None:
        try:
            await self._rest.keyed("PUT", _PATH, lease.credentials)
            lease.due_ns = self._due_ns(self._renewal_s)
        except Transient as error:
            self.failures += 1
            lease.due_ns = self._due_ns(min(_RETRY_S, self._renewal_s))
            _LOG.warning("listen_key_renewal_failed", account=lease.feed.identifier, reason=str(error))
            if isinstance(error, RestRefused) and error.code == LISTEN_KEY_UNKNOWN:
                lease.feed.cut("the venue no longer knows the listen key")
            elif lease.feed.row.state is FeedState.LIVE:
                lease.feed.row.reason = f"listen key renewal failed: {error}"

    def _due_ns(self, seconds: float) -> int:
        return self._clock.now_ns() + int(seconds * 1e9)
