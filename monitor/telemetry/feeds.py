"""Feeds as the board shows them: hundreds of private streams are one line with counts, the troubled ones by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.telemetry.plain import plain

MOST_TROUBLED = 20
# States in which a feed delivers; every other state is shown by name.
HEALTHY = frozenset({"live", "healthy", "ok", "open", "streaming", "running", "connected"})


def feed_documents(feeds: Sequence[object]) -> list[dict[str, Any]]:
    """Every feed as JSON data."""
    return [entry for feed in feeds if isinstance(entry := plain(feed), dict)]


def feed_summary(feeds: Sequence[object]) -> dict[str, Any]:
    """Groups by venue and kind with counts by state and the oldest and newest receive time, and troubled feeds by name."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    troubled: list[dict[str, Any]] = []
    for feed in feed_documents(feeds):
        group = groups.setdefault(_group_of(feed), _empty_group(feed))
        state = str(feed.get("state", "unknown"))
        group["count"] += 1
        group["states"][state] = group["states"].get(state, 0) + 1
        _take_times(group, feed.get("last_recv_ns"))
        if state not in HEALTHY:
            troubled.append(feed)
        else:
            group["healthy"] += 1
    return {
        "groups": [groups[key] for key in sorted(groups)],
        "troubled": troubled[:MOST_TROUBLED],
        "troubled_count": len(troubled),
    }


def _group_of(feed: dict[str, Any]) -> tuple[str, str]:
    return str(feed.get("venue") or str(feed.get("name", "")).partition(":")[0]), str(feed.get("kind", "feed"))


def _empty_group(feed: dict[str, Any]) -> dict[str, Any]:
    venue, kind = _group_of(feed)
    return {
        "venue": venue,
        "kind": kind,
        "count": 0,
        "healthy": 0,
        "states": {},
        "oldest_recv_ns": None,
        "newest_recv_ns": None,
    }


def _take_times(group: dict[str, Any], recv_ns: object) -> None:
    if not isinstance(recv_ns, int) or recv_ns <= 0:
        return
    oldest, newest = group["oldest_recv_ns"], group["newest_recv_ns"]
    group["oldest_recv_ns"] = recv_ns if oldest is None else min(oldest, recv_ns)
    group["newest_recv_ns"] = recv_ns if newest is None else max(newest, recv_ns)
