"""Cutting batches anew changes no row, no order and no seq."""

from __future__ import annotations

import pytest

from connectors.recording.block import Record
from monitor.domain.inputs import ClockAdvanced, PriceBatch
from monitor.replay.batches import cut_batches
from tests.unit.recording.inputs_of_every_kind import batch


def rows(records: list[Record]) -> list[tuple[object, ...]]:
    told: list[tuple[object, ...]] = []
    for record in records:
        item = record.item
        if not isinstance(item, PriceBatch):
            told.append((record.seq, item))
            continue
        for row in range(len(item)):
            lane = item.lanes[item.lane[row]]
            told.append(
                (record.seq + row, item.driver[row], item.price[row], item.ts_recv_ns[row], lane, item.offset_first[row])
            )
    return told


def taken() -> list[Record]:
    other = batch(4, seed=9)
    swapped = PriceBatch(other.lanes[::-1], *(getattr(other, name) for name in PriceBatch.__slots__[1:]))
    items = [
        batch(9),
        swapped,
        batch(1, seed=3),
        ClockAdvanced(5),
        batch(20, seed=4),
        ClockAdvanced(6),
        ClockAdvanced(7),
        batch(2),
    ]
    made, seq = [], 1
    for item in items:
        made.append(Record(seq, 0, item))
        seq = made[-1].last_seq + 1
    return made


@pytest.mark.parametrize("size", [1, 2, 7, 14, 4096])
def test_any_cut_has_the_same_rows(size: int) -> None:
    cut = list(cut_batches(taken(), size))
    assert rows(cut) == rows(taken())
    sizes = [len(record.item) for record in cut if isinstance(record.item, PriceBatch)]
    assert max(sizes) == min(size, 20)


def test_no_cut_crosses_another_input() -> None:
    cut = list(cut_batches(taken(), 4096))
    assert [type(record.item).__name__[0] for record in cut] == list("PCPCCP")
