"""Risk tables of the venue, read at start and once in a while; only what changed is handed on."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

import structlog

from connectors.venues.binance.credentials import Credentials
from connectors.venues.binance.market_frames import AssetIndexes
from connectors.venues.binance.rest_client import BinanceRest
from connectors.venues.binance.rest_tables import TableRows, asset_buffers, asset_index, instruments, leverage_brackets
from monitor.domain.errors import BadInput
from monitor.domain.ids import SourcePosition
from monitor.domain.instrument import Instrument
from monitor.domain.ports import Inbox
from monitor.domain.tables import Table, TableChanged, TableKey, TableKind, TableVersion

_LOG = structlog.get_logger()
_BUFFERS_WAITING = 1_000


class TablesFeed:
    """Instruments, leverage brackets and index buffers. `settle_assets` (symbol to asset) is kept for who reads fills."""

    def __init__(
        self, venue: str, rest: BinanceRest, credentials: Credentials | None, symbols: frozenset[str] | None, inbox: Inbox
    ) -> None:
        self.settle_assets: dict[str, str] = {}
        self.indexes: AssetIndexes | None = None
        self.indexes_recv_ns = 0
        self._venue = venue
        self._rest = rest
        self._credentials = credentials
        self._symbols = symbols
        self._inbox = inbox
        self._sent: dict[tuple[TableKind, str], tuple[Table, bool]] = {}
        self._changed_buffers: deque[tuple[str, str, str]] = deque(maxlen=_BUFFERS_WAITING)
        self._printed_buffers: dict[str, tuple[str, str]] = {}

    async def load(self) -> int:
        """Read all tables and hand on what is new or changed; returns how many. Raises Transient when there is no answer."""
        sent = 0
        answer = await self._rest.public("/fapi/v1/exchangeInfo")
        rows = instruments(answer.body, self._venue, f"{self._venue} exchangeInfo")
        for (_, symbol), table in rows.tables.items():
            if isinstance(table, Instrument):
                self.settle_assets[symbol] = table.settle_asset
        sent += await self._hand_on(rows, answer.received_ns, "/fapi/v1/exchangeInfo")
        if self._credentials is not None:
            answer = await self._rest.signed("/fapi/v1/leverageBracket", self._credentials)
            rows = leverage_brackets(answer.body, f"{self._venue} leverageBracket")
            sent += await self._hand_on(rows, answer.received_ns, "/fapi/v1/leverageBracket")
        answer = await self._rest.public("/fapi/v1/assetIndex")
        self.indexes, rows = asset_index(answer.body, f"{self._venue} assetIndex")
        self.indexes_recv_ns = answer.received_ns
        for index in self.indexes.rows:
            self._printed_buffers[index.asset] = (index.bid_buffer, index.ask_buffer)
        sent += await self._hand_on(rows, answer.received_ns, "/fapi/v1/assetIndex")
        return sent

    def note_buffers(self, indexes: AssetIndexes) -> None:
        """Buffers as the stream prints them; a change waits for `hand_on_buffers`."""
        for index in indexes.rows:
            printed = (index.bid_buffer, index.ask_buffer)
            if self._printed_buffers.get(index.asset) != printed:
                self._printed_buffers[index.asset] = printed
                self._changed_buffers.append((index.asset, *printed))

    async def hand_on_buffers(self, now_ns: int) -> None:
        """Hand on the buffers that the stream changed."""
        while self._changed_buffers:
            asset, bid, ask = self._changed_buffers.popleft()
            source = f"{self._venue} !assetIndex@arr {asset}"
            try:
                table = asset_buffers(bid, ask, source)
            except BadInput as error:
                self._inbox.refuse(error)
                continue
            await self._hand_on(TableRows({(TableKind.ASSET_INDEX, asset): table}), now_ns, "!assetIndex@arr")

    async def _hand_on(self, rows: TableRows, now_ns: int, source: str) -> int:
        for error in rows.refused:
            self._inbox.refuse(error, SourcePosition(f"{self._venue}:{source}", 0, now_ns))
        version = datetime.fromtimestamp(now_ns / 1e9, UTC).isoformat(timespec="milliseconds")
        count = 0
        for key, table in rows.tables.items():
            verified = key[1] not in rows.unverified
            if self._is_left_out(key) or self._sent.get(key) == (table, verified):
                continue
            changed = TableChanged(
                key=TableKey(self._venue, *key),
                versions=(
                    TableVersion(
                        version=version,
                        effective_ns=now_ns,
                        table=table,
                        source=source,
                        retrieved_ns=now_ns,
                        verified=verified,
                    ),
                ),
                ts_recv_ns=now_ns,
            )
            await self._inbox.put(changed, SourcePosition(f"{self._venue}:{source}", 0, now_ns))
            self._sent[key] = (table, verified)
            count += 1
        if count or rows.refused:
            _LOG.info("tables_read", venue=self._venue, source=source, changed=count, refused=len(rows.refused))
        return count

    def _is_left_out(self, key: tuple[TableKind, str]) -> bool:
        kind, symbol = key
        return self._symbols is not None and kind is not TableKind.ASSET_INDEX and symbol not in self._symbols
