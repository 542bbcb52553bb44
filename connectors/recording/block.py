"""One block of records: entries in order, price rows in columns, events as JSON.

Layout before compression: length of the directory (4 bytes), the directory (JSON: lanes and the shape of each column), the
columns one after the other, the events' JSON objects one after the other. The seq of an entry is not stored: seqs are dense.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from connectors.recording.columns import ColumnShape, Integers, pack, unpack
from connectors.recording.event_line import event_from_line, event_to_line
from connectors.recording.price_columns import pack_prices, unpack_prices
from monitor.domain.errors import BadInput
from monitor.domain.ids import SourcePosition
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch

_LENGTH = struct.Struct("<I")
_CLOCK, _PRICES, _EVENT = 0, 1, 2


class Record(NamedTuple):
    """One input as it was taken: `seq` of its first row, the engine time before it, and where it was read.

    A price batch has the position of each row in its own columns; `position` is None for it, for the clock, and for what the
    daemon made itself.
    """

    seq: int
    engine_ns: int
    item: Input
    position: SourcePosition | None = None

    @property
    def last_seq(self) -> int:
        """The seq of its last row."""
        return self.seq + rows_of(self.item) - 1

    def after(self, seq: int) -> Record:
        """The part of a price batch behind `seq` (which lies inside it)."""
        if not isinstance(self.item, PriceBatch):
            raise TypeError("only a price batch has parts")
        taken = seq + 1 - self.seq
        return self._replace(seq=seq + 1, item=self.item.slice(taken, len(self.item)))

    def before(self, seq: int) -> Record:
        """The part of a price batch up to `seq`, included (which lies inside it)."""
        if not isinstance(self.item, PriceBatch):
            raise TypeError("only a price batch has parts")
        return self._replace(item=self.item.slice(0, seq + 1 - self.seq))


def rows_of(item: Input) -> int:
    """How many seqs an input takes: one, or the rows of a price batch."""
    return len(item) if isinstance(item, PriceBatch) else 1


def encode_block(records: Sequence[Record]) -> bytes:
    """The block of these records, in order and dense in seq."""
    lane_sets: dict[tuple[tuple[str, int], ...], int] = {}
    places: dict[tuple[str, int], int] = {}
    lines: list[bytes] = []
    batches: list[PriceBatch] = []
    # kind, engine time, what the kind needs (clock time, rows, bytes), place of the position (0: none), its offset.
    entries = np.zeros((len(records), 5), np.int64)
    for row, record in enumerate(records):
        item, position = record.item, record.position
        if isinstance(item, ClockAdvanced):
            kind, size, place = _CLOCK, item.now_ns - record.engine_ns, 0
        elif isinstance(item, PriceBatch):
            batches.append(item)
            kind, size, place = _PRICES, len(item), lane_sets.setdefault(item.lanes, len(lane_sets))
        else:
            lines.append(event_to_line(item))
            kind, size = _EVENT, len(lines[-1])
            place = 0 if position is None else 1 + places.setdefault((position.topic, position.partition), len(places))
        entries[row] = (kind, record.engine_ns, size, place, 0 if position is None else position.offset)
    columns = _entry_columns(entries) + (pack_prices(batches) if batches else [])
    directory = orjson.dumps(
        {"lane_sets": list(lane_sets), "places": list(places), "columns": [list(shape) for shape, _ in columns]}
    )
    return b"".join([_LENGTH.pack(len(directory)), directory, *(data for _, data in columns), *lines])


def decode_block(data: bytes, seq_first: int, source: str) -> Iterator[Record]:
    """The records of a block; raises `BadInput` with the source when its parts do not fit together."""
    try:
        yield from _decode(memoryview(data), seq_first, source)
    except (KeyError, IndexError, TypeError, ValueError, struct.error) as error:
        raise BadInput(f"block cannot be read: {error!r}", field="block", value=seq_first, source=source) from error


def _entry_columns(entries: Integers) -> list[tuple[ColumnShape, bytes]]:
    return [
        pack("entry_kind", entries[:, 0].copy(), delta=False),
        pack("entry_engine_ns", entries[:, 1].copy(), delta=True),
        pack("entry_size", entries[:, 2].copy(), delta=False),
        pack("entry_place", entries[:, 3].copy(), delta=False),
        pack("entry_offset", entries[:, 4].copy(), delta=True),
    ]


def _decode(data: memoryview, seq_first: int, source: str) -> Iterator[Record]:
    (length,) = _LENGTH.unpack_from(data)
    at = _LENGTH.size + length
    directory: dict[str, Any] = orjson.loads(data[_LENGTH.size : at])
    columns: dict[str, Integers] = {}
    for row in directory["columns"]:
        shape = ColumnShape(*row)
        columns[shape.name] = unpack(shape, data[at : at + shape.stored_bytes])
        at += shape.stored_bytes
    rows = unpack_prices(columns) if "driver" in columns else PriceBatch(())
    yield from _entries(columns, directory, rows, _Tail(data, at), seq_first, source)


class _Tail:
    """The events' JSON behind the columns, taken piece by piece."""

    def __init__(self, data: memoryview, start: int) -> None:
        self._data = data
        self._at = start

    def take(self, size: int) -> bytes:
        piece = bytes(self._data[self._at : self._at + size])
        self._at += size
        return piece


def _entries(
    columns: Mapping[str, Integers], directory: dict[str, Any], rows: PriceBatch, tail: _Tail, seq: int, source: str
) -> Iterator[Record]:
    lane_sets = [tuple((topic, partition) for topic, partition in lanes) for lanes in directory["lane_sets"]]
    places = [(str(topic), int(partition)) for topic, partition in directory["places"]]
    taken = 0
    names = ("entry_kind", "entry_engine_ns", "entry_size", "entry_place", "entry_offset")
    for kind, engine_ns, size, place, offset in zip(*(columns[name].tolist() for name in names), strict=True):
        position = None
        item: Input
        if kind == _CLOCK:
            item = ClockAdvanced(engine_ns + size)
        elif kind == _PRICES:
            item = _batch(rows, taken, size, lane_sets[place])
            taken += size
        else:
            item = event_from_line(tail.take(size), f"{source} seq {seq}")
            position = SourcePosition(places[place - 1][0], places[place - 1][1], offset) if place else None
        yield Record(seq, engine_ns, item, position)
        seq += rows_of(item)


def _batch(rows: PriceBatch, start: int, size: int, lanes: tuple[tuple[str, int], ...]) -> PriceBatch:
    cut = rows.slice(start, start + size)
    return PriceBatch(
        lanes,
        cut.driver,
        cut.price,
        cut.ts_event_ns,
        cut.ts_recv_ns,
        cut.lane,
        cut.offset_first,
        cut.offset_last,
        cut.count,
    )
