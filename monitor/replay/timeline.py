"""Candles and a file of accounts as the inputs of an engine, in order of time.

At each second the clock comes first, then what happened to accounts, then the prices; so every decision carries the time of
the candle point it was made at.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from monitor.domain.errors import BadInput
from monitor.domain.events import AccountEventType, DriverDeclared, Heartbeat, ValuationStarted
from monitor.domain.ids import DriverKey, SourcePosition
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.domain.tables import TableChanged
from monitor.replay.accounts_file import AccountsFile, sources_of
from monitor.replay.candle_points import PricePoint, points_between
from monitor.replay.candles import SECOND_NS, CandleSeries
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, load_class_weights

EVENTS_TOPIC = "accounts-file"
PRICES_TOPIC = "candles"
HEARTBEAT_NS = 60 * SECOND_NS

Timed = tuple[Input, SourcePosition | None]


class Span(NamedTuple):
    """From when (included) to when (not included) candles are taken, UTC ns."""

    start_ns: int
    end_ns: int


def span_of(series: Sequence[CandleSeries], accounts: AccountsFile, start_ns: int | None, end_ns: int | None) -> Span:
    """From the opening of the book to the end of the candles, unless told otherwise; raises `BadInput` when that is empty."""
    start = accounts.starts_ns if start_ns is None else start_ns
    last = max(one.candles[-1].open_ns + one.interval_ns for one in series)
    end = last if end_ns is None else min(end_ns, last)
    if start < accounts.starts_ns:
        raise BadInput("the book of accounts opens later", field="--from", value=start)
    for one in series:
        if next(one.between(start, end), None) is None:
            raise BadInput("no candle in the time that was asked for", field="--candles", value=one.source)
    return Span(start, end)


def timeline(series: Sequence[CandleSeries], accounts: AccountsFile, span: Span) -> Iterator[Timed]:
    """Every input of the recording. Raises `BadInput` for a symbol whose candles no driver of the file takes."""
    feeds = _Feeds(series, accounts)
    events = _Events(accounts)
    yield ClockAdvanced(span.start_ns), None
    yield _class_weights(span.start_ns), None
    yield from ((table, None) for table in accounts.tables)
    yield from ((DriverDeclared(index=index, key=key), None) for index, key in enumerate(feeds.drivers))
    yield from events.until(span.start_ns)
    points = heapq.merge(*(points_between(one, *span) for one in series))
    by_time = groupby(points, key=lambda point: point.at_ns)
    at_ns, is_started = span.start_ns, False
    for point_ns, group in by_time:
        while at_ns < point_ns:
            at_ns = min(at_ns + SECOND_NS, point_ns)
            yield ClockAdvanced(at_ns), None
            yield from events.until(at_ns)
        yield feeds.batch(list(group)), None
        if not is_started:
            yield ValuationStarted(), None
            is_started = True
    yield ClockAdvanced(at_ns + SECOND_NS), None


def _class_weights(now_ns: int) -> TableChanged:
    return TableChanged(key=CLASS_WEIGHTS_KEY, versions=(load_class_weights(),), ts_recv_ns=now_ns)


class _Feeds:
    """Turns candle points into price batches: one row per driver that a symbol moves, and the constants beside them."""

    def __init__(self, series: Sequence[CandleSeries], accounts: AccountsFile) -> None:
        self.drivers: dict[DriverKey, int] = {}
        self._moved: dict[str, list[int]] = {}
        for one in series:
            keys = accounts.feeds.get(one.symbol)
            if not keys:
                raise BadInput("the file of accounts names no driver for it", field="--candles", value=one.symbol)
            self._moved[one.symbol] = [self._index(key) for key in keys]
        self._constants = [(self._index(key), float(price)) for key, price in accounts.constants.items()]
        self._offset = 0

    def _index(self, key: DriverKey) -> int:
        return self.drivers.setdefault(key, len(self.drivers))

    def batch(self, points: list[PricePoint]) -> PriceBatch:
        """One row a driver, in order of symbols; each row has an offset of its own in the topic `candles`."""
        rows = [(index, point.price) for point in points for index in self._moved[point.symbol]]
        columns = PriceBatch(((PRICES_TOPIC, 0),))
        for index, price in rows + self._constants:
            columns.driver.append(index)
            columns.price.append(price)
            columns.ts_event_ns.append(points[0].at_ns)
            columns.ts_recv_ns.append(points[0].at_ns)
            columns.lane.append(0)
            columns.offset_first.append(self._offset)
            columns.offset_last.append(self._offset)
            columns.count.append(1)
            self._offset += 1
        return columns


class _Events:
    """The accounts' events at their receive time, and the heartbeats that their sources owe."""

    def __init__(self, accounts: AccountsFile) -> None:
        self._waiting = iter(accounts.events)
        self._next: AccountEventType | None = next(self._waiting, None)
        self._counts = dict.fromkeys(sources_of(accounts.events), 0)
        self._heartbeat_ns = 0
        self._offset = 0

    def until(self, now_ns: int) -> Iterator[Timed]:
        """What is due by `now_ns`, with its place in the file as its offset."""
        while self._next is not None and self._next.ts_recv_ns <= now_ns:
            event = self._next
            self._counts[event.source, event.source_epoch] += 1
            yield event, self._place()
            self._next = next(self._waiting, None)
        if now_ns - self._heartbeat_ns < HEARTBEAT_NS:
            return
        self._heartbeat_ns = now_ns
        for (source, epoch), count in self._counts.items():
            if count:
                yield _heartbeat(source, epoch, count, now_ns), self._place()

    def _place(self) -> SourcePosition:
        place = SourcePosition(EVENTS_TOPIC, 0, self._offset)
        self._offset += 1
        return place


def _heartbeat(source: str, epoch: int, count: int, now_ns: int) -> Heartbeat:
    return Heartbeat(source=source, source_epoch=epoch, partition=0, count=count, ts_event_ns=now_ns, ts_recv_ns=now_ns)
