"""The counters behind one row of feed health, written by its connector and copied for readers."""

from __future__ import annotations

from connectors.feed_health import FeedHealth, FeedState


class FeedRow:
    """One feed while it runs. Only its connector writes; `health()` is what others see."""

    __slots__ = (
        "clock_offset_ns",
        "differences",
        "duplicates",
        "gaps",
        "kind",
        "last_agreement_ns",
        "last_event_ns",
        "last_recv_ns",
        "messages",
        "name",
        "out_of_order",
        "queue_depth",
        "queue_limit",
        "reason",
        "reconnects",
        "refused",
        "resyncs",
        "since_ns",
        "state",
        "unknown",
    )

    def __init__(self, name: str, kind: str, now_ns: int, queue_limit: int = 0) -> None:
        self.name = name
        self.kind = kind
        self.state = FeedState.CONNECTING
        self.reason = "starting"
        self.since_ns = now_ns
        self.last_recv_ns: int | None = None
        self.last_event_ns: int | None = None
        self.clock_offset_ns: int | None = None
        self.last_agreement_ns: int | None = None
        self.messages = 0
        self.reconnects = 0
        self.gaps = 0
        self.resyncs = 0
        self.duplicates = 0
        self.out_of_order = 0
        self.refused = 0
        self.unknown = 0
        self.differences = 0
        self.queue_depth = 0
        self.queue_limit = queue_limit

    def enter(self, state: FeedState, reason: str, now_ns: int) -> bool:
        """Take a state with its reason; False when it was in it already for the same reason."""
        if self.state is state and self.reason == reason:
            return False
        if self.state is not state:
            self.since_ns = now_ns
        self.state = state
        self.reason = reason
        return True

    def received(self, ts_recv_ns: int) -> None:
        """One message came in."""
        self.messages += 1
        self.last_recv_ns = ts_recv_ns

    def happened(self, ts_event_ns: int) -> bool:
        """The venue time of a message; False when the feed is already past it."""
        if self.last_event_ns is not None and ts_event_ns < self.last_event_ns:
            return False
        self.last_event_ns = ts_event_ns
        return True

    def health(self) -> FeedHealth:
        """A copy for screens and metrics."""
        delay = None
        if self.last_recv_ns is not None and self.last_event_ns is not None:
            delay = self.last_recv_ns - self.last_event_ns
        return FeedHealth(
            name=self.name,
            kind=self.kind,
            state=self.state,
            reason=self.reason,
            since_ns=self.since_ns,
            last_recv_ns=self.last_recv_ns,
            last_event_ns=self.last_event_ns,
            delay_ns=delay,
            clock_offset_ns=self.clock_offset_ns,
            last_agreement_ns=self.last_agreement_ns,
            messages=self.messages,
            reconnects=self.reconnects,
            gaps=self.gaps,
            resyncs=self.resyncs,
            duplicates=self.duplicates,
            out_of_order=self.out_of_order,
            refused=self.refused,
            unknown=self.unknown,
            differences=self.differences,
            queue_depth=self.queue_depth,
            queue_limit=self.queue_limit,
        )
