"""The proof from recordings: each produced record taken exactly once and in order, every level change recomputed.

Recordings of runs that were killed are joined: each is cut at the seq from which the next one went on. What is compared with
them is read back from the broker, and recomputed by the arithmetic of `kafka_book`, not by the monitor's.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from connectors.recording.block import Record
from connectors.recording.reader import RecordingReader
from monitor.domain.events import DriverDeclared, Fill
from monitor.domain.inputs import PriceBatch
from monitor.domain.level import Level
from monitor.replay.replay import engine_at_start, replay
from tests.support.kafka_book import KafkaBook, PlannedFill, Recomputation, Tick, driver

Place = tuple[str, int]
Change = tuple[int, str, int, int]
"""seq, account, old and new level."""

LEVELS = {level.name.lower(): int(level) for level in Level}


@dataclass(frozen=True, slots=True)
class Segment:
    """One recording, and the last seq of it that counts: where the next run went on."""

    path: Path
    first_seq: int
    cut: int
    written: int
    run_id: str
    start: dict[str, Any] | None

    def records(self) -> Iterator[Record]:
        """The records up to the cut."""
        with RecordingReader(self.path) as reader:
            for record in reader:
                if record.seq > self.cut:
                    return
                yield record if record.last_seq <= self.cut else record.before(self.cut)


def segments_of(paths: Sequence[Path]) -> list[Segment]:
    """The recordings in order, each cut where the next begins."""
    headers = []
    for path in paths:
        with RecordingReader(path) as reader:
            headers.append((path, reader.header, reader.last_seq))
    cuts = [header.first_seq - 1 for _, header, _ in headers[1:]] + [headers[-1][2]]
    return [
        Segment(path, header.first_seq, cut, written, header.run_id, header.start)
        for (path, header, written), cut in zip(headers, cuts, strict=True)
    ]


@dataclass(slots=True)
class Taken:
    """What one place gave, as the recording has it: the next offset expected, and what is wrong, in words."""

    next_offset: int = 0
    wrong: list[str] = field(default_factory=list)

    def take(self, first: int, last: int, what: str) -> None:
        """Note a run of offsets."""
        if first != self.next_offset:
            self.wrong.append(f"{what}: expected offset {self.next_offset}, got {first}")
        self.next_offset = last + 1


@dataclass(slots=True)
class Offsets:
    """Every place's records, each once and in order; bursts of a coalescing inbox by range, count and extremes."""

    produced: Mapping[Place, Sequence[ConsumerRecord]]
    prices_topic: str
    places: dict[Place, Taken] = field(default_factory=dict)
    coalesced: int = 0
    _printed: dict[Place, list[tuple[str, float]]] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)

    def check(self, segments: Sequence[Segment]) -> None:
        """Raise `AssertionError` when a record is missing, doubled, out of order or other than it was produced."""
        self._printed = {
            place: [(record.key.decode(), float(orjson.loads(record.value)["price"])) for record in records]
            for place, records in self.produced.items()
            if place[0] == self.prices_topic
        }
        for segment in segments:
            self._names = {}
            for record in segment.records():
                self._take(record)
        for place, records in self.produced.items():
            taken = self.places.get(place, Taken())
            assert not taken.wrong, (place, taken.wrong[:5])
            assert taken.next_offset == len(records), (place, taken.next_offset, len(records))

    def _take(self, record: Record) -> None:
        item, position = record.item, record.position
        if isinstance(item, DriverDeclared):
            self._names[item.index] = item.key.subject
        elif isinstance(item, PriceBatch):
            if any(count != 1 for count in item.count):
                self._take_bursts(item)
            else:
                self._take_prices(item)
        elif position is not None:
            self._place((position.topic, position.partition)).take(position.offset, position.offset, type(item).__name__)

    def _take_prices(self, batch: PriceBatch) -> None:
        for row, offset in enumerate(batch.offset_first):
            place = batch.lanes[batch.lane[row]]
            self._place(place).take(offset, batch.offset_last[row], "price")
            self._expect(place, offset, self._names[batch.driver[row]], batch.price[row])

    def _take_bursts(self, batch: PriceBatch) -> None:
        """Bursts of one take: per place their offsets overlap, so range and counts together must add up."""
        bursts: dict[tuple[Place, int, int, int], list[float]] = {}
        for row, price in enumerate(batch.price):
            place = batch.lanes[batch.lane[row]]
            key = (place, batch.driver[row], batch.offset_first[row], batch.offset_last[row])
            bursts.setdefault(key, []).append(price)
        counts = Counter[Place]()
        for row, count in enumerate(batch.count):
            counts[batch.lanes[batch.lane[row]]] += count
        self.coalesced += sum(counts.values()) - len(batch)
        for place, count in counts.items():
            first = min(key[2] for key in bursts if key[0] == place)
            last = max(key[3] for key in bursts if key[0] == place)
            self._place(place).take(first, last, "bursts")
            assert last - first + 1 == count, (place, first, last, count)
        for (place, index, first, last), prices in bursts.items():
            self._expect_burst(place, self._names[index], first, last, prices)

    def _expect_burst(self, place: Place, subject: str, first: int, last: int, prices: list[float]) -> None:
        """First, low, high and last of what was produced, each once, in the order received."""
        told = [price for key, price in self._printed[place][first : last + 1] if key == subject]
        places = sorted({0, told.index(min(told)), told.index(max(told)), len(told) - 1})
        assert prices == [told[one] for one in places], (place, subject, first, last)

    def _expect(self, place: Place, offset: int, subject: str, price: float) -> None:
        assert self._printed[place][offset] == (subject, price), (place, offset)

    def _place(self, place: Place) -> Taken:
        return self.places.setdefault(place, Taken())


def recompute(book: KafkaBook, planned: Mapping[str, PlannedFill], symbols: int, segments: Sequence[Segment]) -> Recomputed:
    """The level changes that follow from the recordings, by arithmetic of our own."""
    witness = book.recomputation()
    for account in witness.accounts.values():
        account.level = 0  # without a position; the first level of an empty pool is no crossing
    numbers = {driver(symbol): symbol for symbol in range(symbols)}
    changes: list[Change] = []
    applied: Counter[str] = Counter()
    for segment in segments:
        by_index: dict[int, int] = {}
        for record in segment.records():
            item = record.item
            if isinstance(item, DriverDeclared):
                by_index[item.index] = numbers[item.key]
            elif isinstance(item, Fill):
                applied[item.trade_id] += 1
                fill = planned[item.trade_id]
                changed = witness.fill(fill.account, fill.symbol, fill.size, fill.price, fill.pnl, fill.fee)
                changes += [] if changed is None else [_change(record.seq, *changed)]
            elif isinstance(item, PriceBatch):
                for row, (index, price) in enumerate(zip(item.driver, item.price, strict=True)):
                    ticked = witness.tick(Tick(by_index[index], round(price * 100)))
                    changes += [_change(record.seq + row, *changed) for changed in ticked]
    return Recomputed(witness, changes, applied)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The witness at the end, its changes in order, and how often each fill was in the recordings."""

    witness: Recomputation
    changes: list[Change]
    applied: Counter[str]


@dataclass(slots=True)
class Replayed:
    """What replays of the segments decide: the level lines in order, and the state behind each segment."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)

    def changes(self) -> list[Change]:
        """The changes, without first valuations of pools that turn out OK (no crossing), in order of seq and account."""
        return sorted(
            (line["seq"], line["account"], LEVELS.get(line["old"], 0), LEVELS[line["new"]])
            for line in self.lines
            if not (line["old"] == "none" and line["new"] == "ok")
        )


def replay_all(segments: Sequence[Segment]) -> Replayed:
    """Replay each segment from the state in its header up to its cut."""
    replayed = Replayed()
    for segment in segments:
        decisions = io.StringIO()
        with RecordingReader(segment.path) as reader:
            engine = engine_at_start(reader)
            replay(reader, engine, decisions=decisions, at_seq=segment.cut)
        lines = map(orjson.loads, decisions.getvalue().splitlines())
        replayed.lines += [{"run_id": segment.run_id, **line} for line in lines if line["decision"] == "level"]
        replayed.states.append(orjson.loads(orjson.dumps(engine.state())))
    return replayed


def _change(seq: int, account: str, old: int | None, new: int) -> Change:
    return seq, account, old or 0, new
