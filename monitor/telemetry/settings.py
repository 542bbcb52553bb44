"""Settings of the HTTP listener, the board and the metrics."""

from __future__ import annotations

import ipaddress

import msgspec

from monitor.domain.errors import BadConfiguration

DEFAULT_PORT = 8700


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP listener of board, API and metrics."""

    host: str = "127.0.0.1"
    """Address to listen on; only loopback until there is authentication."""
    port: int = DEFAULT_PORT
    """Port to listen on; 0 takes a free one."""
    board_rows: int = 50
    """Pools that the board shows, worst first (1 to 200)."""
    metrics_pools: int = 200
    """Most series of each per-pool metric, worst first (0 to 10000)."""
    stream_clients: int = 32
    """Most browsers on the live stream at once."""
    stream_interval_seconds: float = 1.0
    """Time between two messages of the live stream, at most 1."""

    def __post_init__(self) -> None:
        _require_loopback(self.host)
        _require_range("port", self.port, 0, 65535)
        _require_range("board_rows", self.board_rows, 1, 200)
        _require_range("metrics_pools", self.metrics_pools, 0, 10_000)
        _require_range("stream_clients", self.stream_clients, 1, 1_000)
        _require_range("stream_interval_seconds", self.stream_interval_seconds, 0.1, 1.0)


def _require_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise BadConfiguration(f"must be from {low} to {high}", field=f"http.{name}", value=value, source="configuration")


def _require_loopback(host: str) -> None:
    """Account data without authentication may not leave the machine."""
    if host == "localhost":
        return
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise BadConfiguration(
            "only a loopback address such as 127.0.0.1 is allowed until there is authentication",
            field="http.host",
            value=host,
            source="configuration",
        )
