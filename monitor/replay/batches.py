"""Cuts the price batches of a recording anew. No cut changes a decision (contract 2); replays in other cuts show it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

from connectors.recording.block import Record
from monitor.domain.inputs import PriceBatch

_COLUMNS = ("driver", "price", "ts_event_ns", "ts_recv_ns", "lane", "offset_first", "offset_last", "count")


def cut_batches(records: Iterable[Record], rows: int) -> Iterator[Record]:
    """The same inputs with price batches of `rows` rows: neighbours are joined, longer ones cut; seqs stay what they are."""
    if rows < 1:
        raise ValueError(f"rows must be at least 1, got {rows}")
    waiting: list[Record] = []
    waiting_rows = 0
    for record in records:
        if not isinstance(record.item, PriceBatch):
            yield from _cut(waiting, rows)
            waiting, waiting_rows = [], 0
            yield record
            continue
        waiting.append(record)
        waiting_rows += len(record.item)
        if waiting_rows >= rows:
            *whole, last = _cut(waiting, rows)
            yield from whole
            waiting, waiting_rows = [last], last.last_seq - last.seq + 1
    yield from _cut(waiting, rows)


def _cut(waiting: Sequence[Record], rows: int) -> Iterator[Record]:
    if not waiting:
        return
    first = waiting[0]
    batch = _joined([record.item for record in waiting if isinstance(record.item, PriceBatch)])
    for start in range(0, len(batch), rows):
        yield Record(first.seq + start, first.engine_ns, batch.slice(start, start + rows))


def _joined(batches: Sequence[PriceBatch]) -> PriceBatch:
    """One batch of all rows; lanes that are the same (topic, partition) become one."""
    if len(batches) == 1:
        return batches[0]
    lanes: dict[tuple[str, int], int] = {}
    joined = PriceBatch(())
    for batch in batches:
        for name in _COLUMNS:
            if name != "lane":
                getattr(joined, name).extend(getattr(batch, name))
        index = [lanes.setdefault(lane, len(lanes)) for lane in batch.lanes]
        joined.lane.extend(array("i", [index[lane] for lane in batch.lane]))
    return PriceBatch(tuple(lanes), *(getattr(joined, name) for name in _COLUMNS))
