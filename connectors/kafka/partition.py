"""One partition that is read: how far, what it owed at the start, and its health."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.feed_health import FeedHealth, FeedState


@dataclass(slots=True, kw_only=True)
class ReadPartition:
    """The reader's own account of a partition; `next_offset` is the offset of the next record to hand over.

    `began_at` is the next offset at the first attach (after a skip to the oldest record: there).
    `end_at_start` is the end offset seen at the first attach: the partition is caught up when it was reached.
    `refused` says why reading has stopped for good (an offset out of range), empty while it goes on.
    """

    topic: str
    partition: int
    next_offset: int
    began_at: int
    end_at_start: int
    refused: str = ""
    last_recv_ns: int | None = None
    last_event_ns: int | None = None
    messages: int = 0
    gaps: int = 0
    duplicates: int = 0
    bad_records: int = 0
    behind_at: int | None = None
    """The position at the last watchdog check when records waited behind it, None when none did."""

    @property
    def is_caught_up(self) -> bool:
        """Whether all that was on the broker at the start has been handed over."""
        return not self.refused and self.next_offset >= self.end_at_start

    def health(self, down_reason: str, reconnects: int) -> FeedHealth:
        """The partition as screens show it; `down_reason` is the reader's own trouble, empty without any."""
        state, reason = self._state(down_reason)
        return FeedHealth(
            name=f"kafka:{self.topic}/{self.partition}",
            kind="kafka",
            state=state,
            reason=reason,
            last_recv_ns=self.last_recv_ns,
            last_event_ns=self.last_event_ns,
            messages=self.messages,
            reconnects=reconnects,
            gaps=self.gaps,
            duplicates=self.duplicates,
            refused=self.bad_records,
            queue_depth=max(0, self.end_at_start - self.next_offset),
        )

    def _state(self, down_reason: str) -> tuple[FeedState, str]:
        if self.refused:
            return FeedState.BLOCKED, self.refused
        if down_reason:
            return FeedState.DOWN, down_reason
        if not self.is_caught_up:
            return FeedState.RECONCILING, f"catching up: at {self.next_offset} of {self.end_at_start}"
        return FeedState.LIVE, ""
