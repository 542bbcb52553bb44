"""The health of one feed, as screens, metrics and the API show it: one shape for a socket, REST and a Kafka partition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FeedState(Enum):
    """What a feed is doing. Only LIVE means that what it carries is current."""

    CONNECTING = "connecting"
    RECONCILING = "reconciling"
    LIVE = "live"
    STALE = "stale"
    BLOCKED = "blocked"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One feed at one moment.

    `name` is unique in the daemon (`binance_usdm:market/0`, `binance_usdm:desk1/private`); `kind` is `market`, `private`,
    `rest` or `kafka`. `reason` says why the state is not LIVE, empty when it is. `since_ns` is when the state was entered.
    `last_recv_ns` is ours, `last_event_ns` the venue's own time of the newest message; None = nothing received yet.
    `delay_ns` is receive less event time of that message (negative when the venue's clock is ahead), None until known.
    Counters are since the start of the process: `duplicates` and `out_of_order` were dropped, `refused` could not be decoded,
    `unknown` are event types that the codec does not know, `differences` are REST comparisons that found something missing.
    """

    name: str
    kind: str
    state: FeedState
    reason: str = ""
    since_ns: int = 0
    last_recv_ns: int | None = None
    last_event_ns: int | None = None
    delay_ns: int | None = None
    clock_offset_ns: int | None = None
    last_agreement_ns: int | None = None
    messages: int = 0
    reconnects: int = 0
    gaps: int = 0
    resyncs: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    refused: int = 0
    unknown: int = 0
    differences: int = 0
    queue_depth: int = 0
    queue_limit: int = 0
