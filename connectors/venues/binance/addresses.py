"""Addresses of the streams, as split into /market and /private since the venue's notice of 2026-03-06."""

from __future__ import annotations

import msgspec

PRIVATE_EVENTS = ("ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ACCOUNT_CONFIG_UPDATE", "MARGIN_CALL", "listenKeyExpired")
ALL_MARKS = "!markPrice@arr@1s"
ALL_INDEXES = "!assetIndex@arr"


class ListenKey(msgspec.Struct, rename={"listen_key": "listenKey"}):
    """The answer of `POST /fapi/v1/listenKey`."""

    listen_key: str


listen_key_decoder = msgspec.json.Decoder(ListenKey)


def private_address(stream_url: str, listen_key: str) -> str:
    """The private socket of one listen key, with the events we read."""
    return f"{stream_url}/private/ws?listenKey={listen_key}&events={'/'.join(PRIVATE_EVENTS)}"


def market_streams(symbols: list[str] | None, symbols_per_socket: int) -> list[list[str]]:
    """The streams of each public socket: all marks as one array, or the symbols in portions; indices on the first."""
    if symbols is None:
        return [[ALL_MARKS, ALL_INDEXES]]
    names = [f"{symbol.lower()}@markPrice@1s" for symbol in symbols]
    portions = [names[start : start + symbols_per_socket] for start in range(0, len(names), symbols_per_socket)] or [[]]
    portions[0] = [ALL_INDEXES, *portions[0]]
    return portions


def market_address(stream_url: str, streams: list[str]) -> str:
    """The combined public socket of these streams."""
    return f"{stream_url}/market/stream?streams={'/'.join(streams)}"
