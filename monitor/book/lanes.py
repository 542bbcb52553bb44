"""Lanes: (source, partition) pairs that owe a record or a heartbeat, so that a quiet account and a dead producer differ.

A private venue stream is a lane of its own per account; it is fed by complete account states alone, because a live socket is
not a live feed (contract 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class LaneKey(NamedTuple):
    """A source on one partition of a topic, or (partition -1) a private stream of one account."""

    source: str
    partition: int
    account: str = ""


@dataclass(slots=True)
class Lane:
    """What is known of one lane: when it last spoke, how many events it sent in its epoch, and whose accounts ride on it."""

    limit_ns: int
    last_recv_ns: int = 0
    epoch: int = 0
    count: int = 0
    is_stale: bool = False
    accounts: set[str] = field(default_factory=set)


class Lanes:
    """All lanes of the deployment."""

    def __init__(self, kafka_limit_ns: int, stream_limit_ns: int) -> None:
        self._kafka_limit_ns = kafka_limit_ns
        self._stream_limit_ns = stream_limit_ns
        self._lanes: dict[LaneKey, Lane] = {}
        self._of_account: dict[str, LaneKey] = {}

    def lane(self, key: LaneKey) -> Lane:
        """The lane, new at first mention."""
        known = self._lanes.get(key)
        if known is None:
            known = self._lanes[key] = Lane(self._stream_limit_ns if key.account else self._kafka_limit_ns)
        return known

    def ride(self, account: str, key: LaneKey) -> Lane:
        """The account's events come by this lane from now on."""
        before = self._of_account.get(account)
        if before != key:
            if before is not None:
                self._lanes[before].accounts.discard(account)
            self._of_account[account] = key
        lane = self.lane(key)
        lane.accounts.add(account)
        return lane

    def leave(self, account: str) -> None:
        """The account is gone."""
        key = self._of_account.pop(account, None)
        if key is not None:
            self._lanes[key].accounts.discard(account)
            if key.account:
                del self._lanes[key]

    def of_account(self, account: str) -> Lane | None:
        """The lane an account rides on."""
        key = self._of_account.get(account)
        return None if key is None else self._lanes[key]

    def expire(self, now_ns: int) -> Iterator[Lane]:
        """The lanes that go stale at engine time `now_ns`."""
        for lane in self._lanes.values():
            if not lane.is_stale and now_ns - lane.last_recv_ns > lane.limit_ns:
                lane.is_stale = True
                yield lane

    def plain(self) -> list[Any]:
        """State out."""
        return [
            [*key, lane.last_recv_ns, lane.epoch, lane.count, lane.is_stale, sorted(lane.accounts)]
            for key, lane in self._lanes.items()
        ]

    def load(self, plain: list[Any]) -> None:
        """State in, into an empty set of lanes."""
        for source, partition, account, last_recv_ns, epoch, count, is_stale, accounts in plain:
            key = LaneKey(source, partition, account)
            lane = self.lane(key)
            lane.last_recv_ns, lane.epoch, lane.count, lane.is_stale = last_recv_ns, epoch, count, is_stale
            for rider in accounts:
                self.ride(rider, key)
