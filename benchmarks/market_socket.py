"""The configuration that has the daemon read its prices from the websocket sender, and its accounts from Kafka."""

from __future__ import annotations

from benchmarks.market import SYMBOLS, symbol_name


def market_configuration(rest_url: str, stream_port: int) -> str:
    """The section of a Binance connection without accounts; its sockets are never cut for silence between two steps."""
    symbols = ", ".join(f'"{symbol_name(symbol)}"' for symbol in range(SYMBOLS))
    return (
        f'[venues.binance_usdm]\nrest_url = "{rest_url}"\nstream_url = "ws://127.0.0.1:{stream_port}"\n'
        f"symbols = [{symbols}]\nmarket_stale_s = 3600.0\nping_interval_s = 3600.0\n"
    )
