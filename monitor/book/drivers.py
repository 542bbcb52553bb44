"""Drivers: every scalar that ticks, with its last price, both times and its state (contract 1 and 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from monitor.domain.certainty import DriverState
from monitor.domain.ids import DriverKey, DriverKind, venue_of

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class Verdict(IntEnum):
    """What becomes of one price. LATE: older than the driver's last. AHEAD: dated after our clock. UNUSABLE: not above 0."""

    APPLIES = 0
    LATE = 1
    AHEAD = 2
    UNUSABLE = 3


def _judge_rows(  # type: ignore[no-untyped-def]
    driver, price, ts_event_ns, ts_recv_ns, latest_ns, offset_ns, last_event_ns, last_recv_ns, state, verdict
):
    """Judge rows in order up to the first that wakes its driver; rows that apply move the driver's times. Where it stopped."""
    for row in range(driver.size):
        index = driver[row]
        if not (price[row] > 0.0 and price[row] < np.inf):
            verdict[row] = 3
        elif ts_event_ns[row] - offset_ns[index] > latest_ns:
            verdict[row] = 2
        elif ts_event_ns[row] < last_event_ns[index]:
            verdict[row] = 1
        elif state[index] != 0:
            return row
        else:
            verdict[row] = 0
            last_event_ns[index] = ts_event_ns[row]
            last_recv_ns[index] = max(last_recv_ns[index], ts_recv_ns[row])
    return driver.size


_compiled_judge_rows = njit(cache=True)(_judge_rows)


def warm_up() -> None:
    """Compile the kernel of this file for the types that batches have."""
    table = DriverTable(lambda _kind: 0)
    table.add(DriverKey(DriverKind.MARK, "none:NONE"))
    stamp = np.zeros(1, np.int64)
    table.judge(np.zeros(1, np.int32), np.ones(1), stamp, stamp, 0, compiled=True)


class DriverTable:
    """Columns of drivers. An index is dense and belongs to the engine; a feed's own indices are mapped by `bind`."""

    def __init__(self, limit_ns: Callable[[DriverKind], int]) -> None:
        self._limit_of = limit_ns
        self._keys: list[DriverKey] = []
        self._index: dict[DriverKey, int] = {}
        self._feed_index: IntArray = np.full(16, -1, np.int64)
        self._venue_offset_ns: dict[str, int] = {}
        self._grow_to(16)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[tuple[int, DriverKey]]:
        return enumerate(self._keys)

    def index(self, key: DriverKey) -> int | None:
        """The index of a driver, None when it was never mentioned."""
        return self._index.get(key)

    def key(self, index: int) -> DriverKey:
        """The driver behind an index."""
        return self._keys[index]

    def add(self, key: DriverKey) -> int:
        """The index of a driver, new at first mention: NEVER_SEEN until its first price."""
        known = self._index.get(key)
        if known is not None:
            return known
        index = len(self._keys)
        if index == self.last_event_ns.size:
            self._grow_to(2 * index)
        self._keys.append(key)
        self._index[key] = index
        self.limit_ns[index] = self._limit_of(key.kind)
        self.offset_ns[index] = self._venue_offset_ns.get(venue_of(key.subject), 0)
        return index

    def bind(self, feed_index: int, key: DriverKey) -> int:
        """A feed says which driver its index means; a later saying replaces an earlier one."""
        index = self.add(key)
        if feed_index >= self._feed_index.size:
            grown = np.full(2 * max(feed_index, self._feed_index.size), -1, np.int64)
            grown[: self._feed_index.size] = self._feed_index
            self._feed_index = grown
        self._feed_index[feed_index] = index
        return index

    def bound(self, feed_indices: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The engine's indices of a batch; raises `IndexError` for an index that no feed declared."""
        indices = self._feed_index[feed_indices]
        if indices.size and indices.min() < 0:
            raise IndexError(f"driver index {int(feed_indices[int(indices.argmin())])} was not declared")
        return indices.astype(np.int32)

    def judge(
        self,
        driver: npt.NDArray[np.int32],
        price: FloatArray,
        ts_event_ns: IntArray,
        ts_recv_ns: IntArray,
        latest_ns: int,
        *,
        compiled: bool,
    ) -> tuple[npt.NDArray[np.int8], int]:
        """A `Verdict` per row up to the first row that wakes its driver (its first price, or the end of its staleness).

        Returns the verdicts and the number of rows judged. What is dated after `latest_ns` on our clock is AHEAD. Not
        `compiled`: the same function interpreted, so that prices are taken while the kernels are still being compiled.
        """
        verdict = np.empty(driver.size, np.int8)
        judge_rows = _compiled_judge_rows if compiled else _judge_rows
        stop = judge_rows(  # type: ignore[no-untyped-call]
            driver,
            price,
            ts_event_ns,
            ts_recv_ns,
            latest_ns,
            self.offset_ns,
            self.last_event_ns,
            self.last_recv_ns,
            self.state,
            verdict,
        )
        return verdict, int(stop)

    def wake(self, index: int, ts_event_ns: int, ts_recv_ns: int) -> None:
        """The driver is LIVE by this price."""
        self.state[index] = DriverState.LIVE
        self.last_event_ns[index] = ts_event_ns
        self.last_recv_ns[index] = max(int(self.last_recv_ns[index]), ts_recv_ns)

    def set_offset(self, venue: str, offset_ns: int) -> None:
        """The venue's clock less ours, as measured."""
        self._venue_offset_ns[venue] = offset_ns
        for index, key in enumerate(self._keys):
            if venue_of(key.subject) == venue:
                self.offset_ns[index] = offset_ns

    def expire(self, now_ns: int) -> tuple[list[int], int]:
        """The drivers that go STALE at engine time `now_ns`, and how many ages were negative (counted, taken as 0)."""
        count = len(self._keys)
        recv_age = now_ns - self.last_recv_ns[:count]
        event_age = now_ns - (self.last_event_ns[:count] - self.offset_ns[:count])
        live = self.state[:count] <= DriverState.DIVERGED
        negative = int(np.count_nonzero(live & (recv_age < 0)))
        stale = np.flatnonzero(live & (np.maximum(recv_age, event_age) > self.limit_ns[:count]))
        self.state[stale] = DriverState.STALE
        return [int(index) for index in stale], negative

    def state_of(self, index: int) -> DriverState:
        """What is known of a driver."""
        return DriverState(int(self.state[index]))

    def price(self, index: int) -> float | None:
        """The last price applied, None before the first."""
        value = float(self.last_price[index])
        return None if np.isnan(value) else value

    def exact_price(self, key: DriverKey) -> Decimal | None:
        """The last price as printed: the shortest decimal that reads back as the same float (contract 2)."""
        index = self._index.get(key)
        value = None if index is None else self.price(index)
        return None if value is None else Decimal(repr(value))

    def moved(self, driver: npt.NDArray[np.int32], price: FloatArray) -> None:
        """Note the prices that rows applied, in order; the one before is kept for comparisons with venue figures."""
        self.previous_price[driver] = self.last_price[driver]
        self.last_price[driver] = price

    def plain(self) -> dict[str, Any]:
        """State out, as JSON-able data."""
        count = len(self._keys)
        bound = np.flatnonzero(self._feed_index >= 0)
        return {
            "keys": [[key.kind.value, key.subject] for key in self._keys],
            "price": [None if np.isnan(value) else float(value) for value in self.last_price[:count]],
            "previous": [None if np.isnan(value) else float(value) for value in self.previous_price[:count]],
            "event_ns": self.last_event_ns[:count].tolist(),
            "recv_ns": self.last_recv_ns[:count].tolist(),
            "state": self.state[:count].tolist(),
            "venue_offsets": dict(self._venue_offset_ns),
            "feed": [[int(feed), int(self._feed_index[feed])] for feed in bound],
        }

    def load(self, plain: dict[str, Any]) -> None:
        """State in, from `plain()` of an earlier table, into an empty one."""
        self._venue_offset_ns = {str(venue): int(offset) for venue, offset in plain["venue_offsets"].items()}
        for row, (kind, subject) in enumerate(plain["keys"]):
            index = self.add(DriverKey(DriverKind(kind), subject))
            self.last_price[index] = np.nan if plain["price"][row] is None else plain["price"][row]
            self.previous_price[index] = np.nan if plain["previous"][row] is None else plain["previous"][row]
            self.last_event_ns[index] = plain["event_ns"][row]
            self.last_recv_ns[index] = plain["recv_ns"][row]
            self.state[index] = plain["state"][row]
        for feed_index, index in plain["feed"]:
            self.bind(int(feed_index), self._keys[int(index)])

    def _grow_to(self, size: int) -> None:
        old = len(self._keys)

        def column(name: str, fill: float, dtype: npt.DTypeLike) -> Any:
            fresh = np.full(size, fill, dtype)
            if old:
                fresh[:old] = getattr(self, name)[:old]
            return fresh

        self.last_price: FloatArray = column("last_price", np.nan, np.float64)
        self.previous_price: FloatArray = column("previous_price", np.nan, np.float64)
        self.last_event_ns: IntArray = column("last_event_ns", 0, np.int64)
        self.last_recv_ns: IntArray = column("last_recv_ns", 0, np.int64)
        self.offset_ns: IntArray = column("offset_ns", 0, np.int64)
        self.limit_ns: IntArray = column("limit_ns", 0, np.int64)
        self.state: npt.NDArray[np.int8] = column("state", DriverState.NEVER_SEEN, np.int8)
