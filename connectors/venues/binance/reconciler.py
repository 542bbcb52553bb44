"""Reads what REST knows of one account, and fetches what the stream lost.

Recipe: a state is two answers (`account`, `positionRisk`) that agree and are not older than what the stream stated. Only
then it is compared; a difference fetches income and own trades since the last agreed state, with overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.venues.binance.account_events import Origin
from connectors.venues.binance.credentials import Credentials
from connectors.venues.binance.rest_account import AccountModes, AccountSnapshot, account_modes, account_snapshot
from connectors.venues.binance.rest_client import BinanceRest
from connectors.venues.binance.rest_history import income_page, trade_page
from monitor.domain.events import AccountEventType
from monitor.domain.ports import Clock

_OVERLAP_NS = 60 * 1_000_000_000
_PAGE = 1000
# An execution is taken to show in REST answers within this time, the error of the clock offset included.
SHOWN_WITHIN_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class StateRead:
    """A snapshot with the venue times around it, and when it came in by our clock."""

    snapshot: AccountSnapshot
    origin: Origin
    modes: AccountModes
    begun_ns: int
    asked_recv_ns: int
    ts_recv_ns: int

    @property
    def is_torn(self) -> bool:
        """Whether a position changed between the two answers."""
        return not self.snapshot.sizes_agree

    @property
    def ts_event_ns(self) -> int:
        """The venue time up to which everything is in the snapshot, and after which nothing is.

        What is in it happened at or before the newest time that it prints; what is not in it happened later, or so shortly
        before the request that the answer could not yet show it.
        """
        return max(self.snapshot.changed_ns, self.begun_ns - SHOWN_WITHIN_NS)


class AccountReader:
    """REST of one account: modes, state and history."""

    def __init__(
        self, rest: BinanceRest, credentials: Credentials, clock: Clock, origin: Callable[[AccountModes], Origin]
    ) -> None:
        self._rest = rest
        self._credentials = credentials
        self._clock = clock
        self._origin = origin

    async def modes(self, venue: str, source: str) -> AccountModes:
        """How the account is set now."""
        config = await self._rest.signed("/fapi/v1/accountConfig", self._credentials)
        symbols = await self._rest.signed("/fapi/v1/symbolConfig", self._credentials)
        return account_modes(config.body, symbols.body, venue, source)

    async def state(self, modes: AccountModes, source: str) -> StateRead:
        """The account's whole state; may be torn."""
        origin = self._origin(modes)
        account = await self._rest.signed("/fapi/v3/account", self._credentials)
        risk = await self._rest.signed("/fapi/v3/positionRisk", self._credentials)
        offset = self._rest.offset_ns
        return StateRead(
            snapshot=account_snapshot(account.body, risk.body, modes, origin, source),
            origin=origin,
            modes=modes,
            begun_ns=account.sent_ns + offset,
            asked_recv_ns=account.sent_ns,
            ts_recv_ns=risk.received_ns,
        )

    async def history(self, modes: AccountModes, since_ns: int, symbols: frozenset[str], source: str) -> list[AccountEventType]:
        """Fills and money since that venue time less the overlap, in order of venue time.

        Trades are asked for by symbol (the venue allows no other way): those given and those that income names.
        """
        origin = self._origin(modes)
        start_ms = max(0, since_ns - _OVERLAP_NS) // 1_000_000
        events: list[AccountEventType] = []
        traded = set(symbols)
        await self._income(origin, start_ms, events, traded, source)
        for symbol in sorted(traded):
            await self._trades(origin, symbol, start_ms, events, source)
        # Equal times keep the order of the answers: trades by id, money as the venue booked it.
        events.sort(key=lambda event: event.ts_event_ns)
        return events

    async def _income(
        self, origin: Origin, start_ms: int, events: list[AccountEventType], traded: set[str], source: str
    ) -> None:
        page = 1
        while True:
            parameters = {"startTime": str(start_ms), "limit": str(_PAGE), "page": str(page)}
            answer = await self._rest.signed("/fapi/v1/income", self._credentials, parameters)
            read = income_page(answer.body, answer.received_ns, origin, f"{source} income")
            events.extend(read.events)
            traded.update(read.traded_symbols)
            if read.rows < _PAGE:
                return
            page += 1

    async def _trades(self, origin: Origin, symbol: str, start_ms: int, events: list[AccountEventType], source: str) -> None:
        parameters = {"symbol": symbol, "startTime": str(start_ms), "limit": str(_PAGE)}
        while True:
            answer = await self._rest.signed("/fapi/v1/userTrades", self._credentials, parameters)
            read = trade_page(answer.body, answer.received_ns, origin, f"{source} userTrades")
            events.extend(read.fills)
            if read.rows < _PAGE:
                return
            parameters = {"symbol": symbol, "fromId": str(read.last_id + 1), "limit": str(_PAGE)}
