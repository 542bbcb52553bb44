"""Answers of REST that become risk tables: instruments, leverage brackets, asset index buffers.

Sources: "Exchange Information", "Notional and Leverage Brackets", "Multi-Assets Mode Asset Index" of USDⓈ-M futures,
developers.binance.com, read 2026-11-22. A row that cannot be used is refused alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from connectors.venues.binance.decoding import build, decode
from connectors.venues.binance.market_frames import AssetIndexes, AssetIndexRow, asset_indexes
from connectors.venues.binance.numbers import nanoseconds, number
from monitor.domain.errors import BadInput
from monitor.domain.ids import subject_id
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import AssetIndexBuffers, Bracket, LeverageBrackets, Table, TableKind

_KINDS = {
    "PERPETUAL": InstrumentKind.LINEAR_PERPETUAL,
    "TRADIFI_PERPETUAL": InstrumentKind.LINEAR_PERPETUAL,
    "PERPETUAL_DELIVERING": InstrumentKind.LINEAR_PERPETUAL,
    "CURRENT_MONTH": InstrumentKind.LINEAR_FUTURE,
    "NEXT_MONTH": InstrumentKind.LINEAR_FUTURE,
    "CURRENT_QUARTER": InstrumentKind.LINEAR_FUTURE,
    "NEXT_QUARTER": InstrumentKind.LINEAR_FUTURE,
    "CURRENT_QUARTER_DELIVERING": InstrumentKind.LINEAR_FUTURE,
    "NEXT_QUARTER_DELIVERING": InstrumentKind.LINEAR_FUTURE,
}


@dataclass(frozen=True, slots=True)
class TableRows:
    """Tables by (kind, symbol or asset) and the rows that were refused. `unverified` names those read with a doubt."""

    tables: dict[tuple[TableKind, str], Table]
    refused: list[BadInput] = field(default_factory=list)
    unverified: frozenset[str] = frozenset()


class _SymbolRow(
    msgspec.Struct,
    rename={
        "contract_type": "contractType",
        "delivery_ms": "deliveryDate",
        "base": "baseAsset",
        "quote": "quoteAsset",
        "margin_asset": "marginAsset",
    },
):
    symbol: str
    contract_type: str
    delivery_ms: int
    base: str
    quote: str
    margin_asset: str
    filters: list[dict[str, msgspec.Raw]]


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_SymbolRow]


class _BracketRow(
    msgspec.Struct,
    rename={
        "initial_leverage": "initialLeverage",
        "cap": "notionalCap",
        "floor": "notionalFloor",
        "rate": "maintMarginRatio",
        "deduction": "cum",
    },
):
    # JSON numbers in the answer; msgspec reads a Decimal from their text, never through a float.
    initial_leverage: Decimal
    cap: Decimal
    floor: Decimal
    rate: Decimal
    deduction: Decimal


class _SymbolBrackets(msgspec.Struct, rename={"coefficient": "notionalCoef"}):
    symbol: str
    brackets: list[_BracketRow]
    coefficient: Decimal | None = None


class _AssetIndexAnswer(
    msgspec.Struct,
    rename={"event_time_ms": "time", "index_price": "index", "bid_buffer": "bidBuffer", "ask_buffer": "askBuffer"},
):
    symbol: str
    event_time_ms: int
    index_price: str
    bid_buffer: str
    ask_buffer: str


_exchange_info = msgspec.json.Decoder(_ExchangeInfo)
_brackets = msgspec.json.Decoder(list[_SymbolBrackets])
_asset_index = msgspec.json.Decoder(list[_AssetIndexAnswer])
_text = msgspec.json.Decoder(str)


def instruments(raw: bytes, venue: str, source: str) -> TableRows:
    """Instruments of `/fapi/v1/exchangeInfo`. A symbol without a contract type is not yet or no longer listed: left out."""
    tables: dict[tuple[TableKind, str], Table] = {}
    refused: list[BadInput] = []
    for row in decode(_exchange_info, raw, source).symbols:
        if row.contract_type == "":
            continue
        try:
            tables[TableKind.INSTRUMENT, row.symbol] = _instrument(row, venue, source)
        except BadInput as error:
            refused.append(error)
    return TableRows(tables, refused)


def leverage_brackets(raw: bytes, source: str) -> TableRows:
    """Brackets of `/fapi/v1/leverageBracket`.

    `notionalCoef` says that this key's brackets are scaled; whether the rows already are is not documented, so such a
    table is marked unverified.
    """
    tables: dict[tuple[TableKind, str], Table] = {}
    refused: list[BadInput] = []
    doubtful: set[str] = set()
    for row in decode(_brackets, raw, source):
        where = f"{source} {row.symbol}"
        rows = sorted(row.brackets, key=lambda bracket: bracket.floor)
        try:
            tables[TableKind.LEVERAGE_BRACKETS, row.symbol] = build(
                lambda rows=rows: LeverageBrackets(brackets=tuple(_bracket(bracket) for bracket in rows)),  # type: ignore[misc]
                where,
            )
        except BadInput as error:
            refused.append(error)
            continue
        if row.coefficient is not None and row.coefficient != 1:
            doubtful.add(row.symbol)
    return TableRows(tables, refused, frozenset(doubtful))


def asset_index(raw: bytes, source: str) -> tuple[AssetIndexes, TableRows]:
    """Indices and buffers of `/fapi/v1/assetIndex`."""
    answers = decode(_asset_index, raw, source)
    rows = [AssetIndexRow(row.event_time_ms, row.symbol, row.index_price, row.bid_buffer, row.ask_buffer) for row in answers]
    indexes = asset_indexes(rows, source)
    tables: dict[tuple[TableKind, str], Table] = {}
    refused: list[BadInput] = []
    for index in indexes.rows:
        try:
            tables[TableKind.ASSET_INDEX, index.asset] = asset_buffers(index.bid_buffer, index.ask_buffer, source)
        except BadInput as error:
            refused.append(error)
    return indexes, TableRows(tables, refused)


def asset_buffers(bid_buffer: str, ask_buffer: str, source: str) -> AssetIndexBuffers:
    """The buffers of multi-assets mode from their printed text."""
    bid = number(bid_buffer, "bidBuffer", source)
    ask = number(ask_buffer, "askBuffer", source)
    return build(lambda: AssetIndexBuffers(bid_buffer=bid, ask_buffer=ask), source)


def _instrument(row: _SymbolRow, venue: str, source: str) -> Instrument:
    where = f"{source} {row.symbol}"
    kind = _KINDS.get(row.contract_type)
    if kind is None:
        raise BadInput("unknown contract type", field="contractType", value=row.contract_type, source=where)
    expiry = nanoseconds(row.delivery_ms, "deliveryDate", where) if kind is InstrumentKind.LINEAR_FUTURE else None
    size_step = number(_filter(row, "LOT_SIZE", "stepSize", where), "stepSize", where)
    price_step = number(_filter(row, "PRICE_FILTER", "tickSize", where), "tickSize", where)
    return build(
        lambda: Instrument(
            instrument=subject_id(venue, row.symbol),
            kind=kind,
            base=row.base,
            quote=row.quote,
            settle_asset=row.margin_asset,
            size_step=size_step,
            price_step=price_step,
            expiry_ns=expiry,
        ),
        where,
    )


def _filter(row: _SymbolRow, name: str, field_name: str, source: str) -> str:
    for rule in row.filters:
        if "filterType" in rule and decode(_text, rule["filterType"], source) == name and field_name in rule:
            return decode(_text, rule[field_name], source)
    raise BadInput(f"no filter {name} with {field_name}", field="filters", value=row.symbol, source=source)


def _bracket(row: _BracketRow) -> Bracket:
    return Bracket(
        floor=row.floor,
        cap=row.cap,
        maintenance_margin_rate=row.rate,
        deduction=row.deduction,
        initial_leverage=row.initial_leverage,
    )
