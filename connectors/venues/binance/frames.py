"""One websocket frame to what it says: prices, account events, a notice, or the reason why it is no input.

The same router reads public and private sockets, wrapped in the combined envelope or not, single or in an array. Event types
that are documented and not used are ignored by name; all others are ignored as unknown, which is counted apart: a renamed
event shows there first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from connectors.venues.binance.account_events import Origin, account_update_events, fill_of, settings_event
from connectors.venues.binance.account_frames import (
    AccountConfigUpdate,
    AccountUpdate,
    ListenKeyExpiredUpdate,
    MarginCallUpdate,
    OrderTradeUpdate,
)
from connectors.venues.binance.decoding import decode
from connectors.venues.binance.market_frames import (
    AssetIndexes,
    AssetIndexRow,
    MarkPriceRow,
    MarkPrices,
    asset_indexes,
    mark_prices,
)
from connectors.venues.binance.numbers import nanoseconds, number
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountEventType

NOT_USED = {
    "24hrMiniTicker": "public ticker, no input of the margin",
    "24hrTicker": "public ticker, no input of the margin",
    "ALGO_UPDATE": "an algorithmic order is no position until it trades",
    "CONDITIONAL_ORDER_TRIGGER_REJECT": "an order that was not placed",
    "GRID_UPDATE": "a strategy's progress; its trades come as orders",
    "STRATEGY_UPDATE": "a strategy's progress; its trades come as orders",
    "TRADE_LITE": "the ORDER_TRADE_UPDATE of the same trade carries side, fee and realised PnL",
    "aggTrade": "public trade, no input of the margin",
    "bookTicker": "public quote, no input of the margin",
    "compositeIndex": "composition of an index, no input of the margin",
    "contractInfo": "tables are read from REST, which prints all fields",
    "depthUpdate": "public order book, no input of the margin",
    "forceOrder": "public liquidation of anybody, at most one a symbol and second",
    "kline": "public candle, no input of the margin",
    "trade": "public trade, no input of the margin",
}
_EXECUTIONS = frozenset({"TRADE", "CALCULATED"})


@dataclass(frozen=True, slots=True)
class AccountEvents:
    """Domain events of one private frame, in order, still unnumbered."""

    event_type: str
    ts_event_ns: int
    events: list[AccountEventType]


@dataclass(frozen=True, slots=True)
class MarginCall:
    """The venue says that positions are near liquidation: `instruments` by symbol. It may come late or never."""

    ts_event_ns: int
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListenKeyExpired:
    """The key of this private stream has ended: nothing more will come on it."""

    ts_event_ns: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """No input; `unknown` when the event type is not known to this codec."""

    reason: str
    event_type: str = ""
    unknown: bool = False


Decoded = MarkPrices | AssetIndexes | AccountEvents | MarginCall | ListenKeyExpired | Ignored


class _Header(msgspec.Struct, rename={"event_type": "e"}):
    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")  # empty = not there; Raw cannot be optional
    event_type: str | None = None
    status: int | None = None
    id: int | str | None = None


_header = msgspec.json.Decoder(_Header)
_headers = msgspec.json.Decoder(list[_Header])
_marks = msgspec.json.Decoder(list[MarkPriceRow])
_mark = msgspec.json.Decoder(MarkPriceRow)
_indexes = msgspec.json.Decoder(list[AssetIndexRow])
_index = msgspec.json.Decoder(AssetIndexRow)
_order = msgspec.json.Decoder(OrderTradeUpdate)
_account = msgspec.json.Decoder(AccountUpdate)
_config = msgspec.json.Decoder(AccountConfigUpdate)
_call = msgspec.json.Decoder(MarginCallUpdate)
_expired = msgspec.json.Decoder(ListenKeyExpiredUpdate)


def decode_frame(raw: bytes, ts_recv_ns: int, source: str, origin: Origin | None = None) -> Decoded:
    """What one frame says. Raises `BadInput` when it is no JSON, has no event type, or a field is not as documented.

    `origin` names the account of a private socket; None on a public one, where account events are ignored as unknown.
    """
    body: bytes | msgspec.Raw = raw
    header = None
    if raw[:1] != b"[":
        header = decode(_header, raw, source)
        if memoryview(header.data).nbytes:
            if header.stream is not None:
                source = f"{source} {header.stream}"
            body, header = header.data, None
    if header is None and bytes(memoryview(body)[:1]) == b"[":
        return _array(body, source)
    if header is None:
        header = decode(_header, body, source)
    if header.event_type is None:
        return _answer(header, source)
    return _single(header.event_type, body, ts_recv_ns, source, origin)


def _array(body: bytes | msgspec.Raw, source: str) -> Decoded:
    headers = decode(_headers, body, source)
    kinds = {header.event_type for header in headers}
    if kinds == {"markPriceUpdate"}:
        return mark_prices(decode(_marks, body, source), source)
    if kinds == {"assetIndexUpdate"}:
        return asset_indexes(decode(_indexes, body, source), source)
    if not kinds:
        return Ignored("an empty array")
    text = ", ".join(sorted(str(kind) for kind in kinds))
    return Ignored("unknown event type in an array", text, unknown=True)


def _answer(header: _Header, source: str) -> Ignored:
    if header.status is not None or header.id is not None:
        return Ignored("an answer to a request")
    raise BadInput("no event type", field="e", source=source)


def _single(event_type: str, body: bytes | msgspec.Raw, ts_recv_ns: int, source: str, origin: Origin | None) -> Decoded:
    source = f"{source} {event_type}"
    if event_type == "markPriceUpdate":
        return mark_prices([decode(_mark, body, source)], source)
    if event_type == "assetIndexUpdate":
        return asset_indexes([decode(_index, body, source)], source)
    read = _PRIVATE.get(event_type)
    if read is not None:
        if origin is None:
            return Ignored("an account event on a public stream", event_type, unknown=True)
        return read(body, ts_recv_ns, source, origin)
    reason = NOT_USED.get(event_type)
    return Ignored("unknown event type", event_type, unknown=True) if reason is None else Ignored(reason, event_type)


def _order_update(body: bytes | msgspec.Raw, ts_recv_ns: int, source: str, origin: Origin) -> Decoded:
    update = decode(_order, body, source)
    if update.order.execution_type not in _EXECUTIONS:
        return Ignored("an order without execution", "ORDER_TRADE_UPDATE")
    fill = fill_of(update, ts_recv_ns, origin, source)
    return AccountEvents("ORDER_TRADE_UPDATE", fill.ts_event_ns, [fill])


def _account_update(body: bytes | msgspec.Raw, ts_recv_ns: int, source: str, origin: Origin) -> Decoded:
    update = decode(_account, body, source)
    events = account_update_events(update, ts_recv_ns, origin, source)
    return AccountEvents("ACCOUNT_UPDATE", events[-1].ts_event_ns, events)


def _config_update(body: bytes | msgspec.Raw, ts_recv_ns: int, source: str, origin: Origin) -> Decoded:
    event = settings_event(decode(_config, body, source), ts_recv_ns, origin, source)
    return AccountEvents("ACCOUNT_CONFIG_UPDATE", event.ts_event_ns, [event])


def _margin_call(body: bytes | msgspec.Raw, _ts_recv_ns: int, source: str, _origin: Origin) -> Decoded:
    update = decode(_call, body, source)
    for index, row in enumerate(update.positions):
        number(row.mark_price, f"p[{index}].mp", source)
        number(row.maintenance_margin, f"p[{index}].mm", source)
    return MarginCall(nanoseconds(update.event_time_ms, "E", source), tuple(row.symbol for row in update.positions))


def _key_expired(body: bytes | msgspec.Raw, _ts_recv_ns: int, source: str, _origin: Origin) -> Decoded:
    return ListenKeyExpired(nanoseconds(decode(_expired, body, source).event_time_ms, "E", source))


_PRIVATE: dict[str, Callable[[bytes | msgspec.Raw, int, str, Origin], Decoded]] = {
    "ORDER_TRADE_UPDATE": _order_update,
    "ACCOUNT_UPDATE": _account_update,
    "ACCOUNT_CONFIG_UPDATE": _config_update,
    "MARGIN_CALL": _margin_call,
    "listenKeyExpired": _key_expired,
}
