"""A recording gives back what was put in, from any seq on, and says what is wrong with it."""

from __future__ import annotations

import asyncio
import os
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.recording.block import Record
from connectors.recording.reader import RecordingReader
from connectors.recording.writer import RecordingWriter
from monitor.domain.errors import BadInput, InvariantBroken
from monitor.domain.inputs import ClockAdvanced, PriceBatch
from tests.unit.recording.inputs_of_every_kind import START_NS, batch, header, records, write


def read(path: Path, seq: int | None = None) -> list[Record]:
    with RecordingReader(path) as reader:
        if seq is not None:
            reader.seek(seq)
        return list(reader)


def test_every_kind_of_input_comes_back_as_it_was(tmp_path: Path) -> None:
    taken = records()
    write(tmp_path / "r", taken)
    given_back = read(tmp_path / "r")
    assert given_back == taken
    # -0.0 equals 0.0, so the bits are compared as well.
    for before, after in zip(taken, given_back, strict=True):
        if isinstance(before.item, PriceBatch):
            assert before.item.price.tobytes() == after.item.price.tobytes()  # type: ignore[union-attr]


def test_header_comes_back_with_its_state(tmp_path: Path) -> None:
    head = header(
        first_seq=8,
        start={"seq": 7, "pools": [{"level": None, "x": 0.1}]},
        is_candle_proxy=True,
        driver_age_limit_ns=120_000_000_000,
        notes=("a", "b"),
    )
    write(tmp_path / "r", records(8), head=head)
    with RecordingReader(tmp_path / "r") as reader:
        assert reader.header == head


@pytest.mark.parametrize("close", [True, False])
def test_every_seq_can_be_sought(tmp_path: Path, close: bool) -> None:
    taken = records(5)
    write(tmp_path / "r", taken, close=close)
    rows = [(record.seq + row, record) for record in taken for row in range(record.last_seq - record.seq + 1)]
    with RecordingReader(tmp_path / "r") as reader:
        assert reader.last_seq == rows[-1][0]
        for seq, record in rows:
            reader.seek(seq)
            first = next(iter(reader))
            assert first == (record if seq == record.seq else record.after(seq - 1))
        reader.seek(reader.last_seq + 1)
        assert list(reader) == []


def test_seq_outside_the_recording_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "r", records(5))
    with RecordingReader(tmp_path / "r") as reader, pytest.raises(BadInput, match="seq = 4"):
        reader.seek(4)


def test_reading_goes_on_where_it_was_left(tmp_path: Path) -> None:
    taken = records()
    write(tmp_path / "r", taken, block=7)
    with RecordingReader(tmp_path / "r") as reader:
        assert [*islice(reader, 10), *reader] == taken


def test_empty_recording_is_read(tmp_path: Path) -> None:
    RecordingWriter(tmp_path / "r", header(first_seq=9)).close()
    with RecordingReader(tmp_path / "r") as reader:
        assert (reader.last_seq, list(reader), reader.is_closed) == (8, [], True)


def test_empty_batch_takes_no_seq(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "r", header())
    writer.append(1, 0, PriceBatch(()))
    writer.append(1, 0, ClockAdvanced(START_NS))
    writer.close()
    assert [record.seq for record in read(tmp_path / "r")] == [1]


def test_seqs_must_be_dense(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "r", header())
    writer.append(1, 0, batch(3))
    with pytest.raises(InvariantBroken, match="expects seq 4, got 5"):
        writer.append(5, 0, ClockAdvanced(START_NS))
    writer.close()


def test_existing_file_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        RecordingWriter(tmp_path / "r", header())
    assert (tmp_path / "r").read_bytes() == b"mine"


def test_buffer_is_bounded_without_any_flush(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "r", header())
    for row in range(30):
        writer.append(1 + 5_000 * row, 0, batch(5_000))
        assert writer.pending_rows < 65_536
    writer.close()
    assert read(tmp_path / "r")[-1].last_seq == 150_000


async def test_blocks_are_written_by_another_thread_while_more_is_taken(tmp_path: Path) -> None:
    taken = records()
    writer = RecordingWriter(tmp_path / "r", header())
    writing: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:
        for record in taken:
            writer.append(record.seq, record.engine_ns, record.item, record.position)
            if len(writing) % 3 == 0:
                await asyncio.gather(*writing)
            writing.append(group.create_task(asyncio.to_thread(writer.write, writer.take(), sync=False)))
            await writing[-1]
    writer.close()
    assert read(tmp_path / "r") == taken


def test_blocks_are_written_in_the_order_they_were_taken(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "r", header())
    writer.append(1, 0, ClockAdvanced(1))
    first = writer.take()
    writer.append(2, 1, ClockAdvanced(2))
    writer.write(writer.take(), sync=False)
    writer.write(first, sync=True)
    writer.append(3, 2, ClockAdvanced(3))
    late = writer.take()
    writer.close()
    writer.write(late, sync=True)
    assert [record.seq for record in read(tmp_path / "r")] == [1, 2, 3]


def test_full_disk_leaves_whole_blocks_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = records()
    writer = RecordingWriter(tmp_path / "r", header())
    for record in taken[:10]:
        writer.append(record.seq, record.engine_ns, record.item, record.position)
    writer.flush(sync=False)
    for record in taken[10:]:
        writer.append(record.seq, record.engine_ns, record.item, record.position)
    whole = writer._file

    class Full:
        """Takes half of what it is given, then nothing."""

        def write(self, data: memoryview) -> int:
            if len(data) < 100:
                raise OSError(28, "No space left on device")
            return whole.write(data[: len(data) // 2]) or 0

        def __getattr__(self, name: str) -> object:
            return getattr(whole, name)

    monkeypatch.setattr(writer, "_file", Full())
    with pytest.raises(OSError, match="No space left"):
        writer.flush(sync=False)
    with RecordingReader(tmp_path / "r") as reader:
        assert list(reader) == taken[:10]
        assert reader.torn_bytes == 0
    monkeypatch.undo()
    writer.close()
    assert read(tmp_path / "r") == taken


def test_ticks_take_less_than_twelve_bytes(tmp_path: Path) -> None:
    taken, seq = [], 1
    for seed in range(10):
        taken.append(Record(seq, 0, batch(2_000, seed, drivers=400)))
        seq += 2_000
    write(tmp_path / "r", taken, block=5)
    assert (tmp_path / "r").stat().st_size / 20_000 < 12


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 2**31 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(-(2**63), 2**63 - 1),
            st.integers(-(2**63), 2**63 - 1),
            st.integers(0, 3),
            st.integers(0, 2**63 - 1),
            st.integers(0, 2**63 - 1),
            st.integers(0, 2**31 - 1),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_any_rows_come_back_bit_for_bit(rows: list[tuple[float, ...]], tmp_path_factory: pytest.TempPathFactory) -> None:
    columns = PriceBatch(tuple((f"topic{lane}", lane) for lane in range(4)))
    fields = ("driver", "price", "ts_event_ns", "ts_recv_ns", "lane", "offset_first", "offset_last", "count")
    for row in rows:
        for name, value in zip(fields, row, strict=True):
            getattr(columns, name).append(value)
    path = tmp_path_factory.mktemp("any") / "r"
    write(path, [Record(1, 0, columns)])
    (again,) = read(path)
    assert isinstance(again.item, PriceBatch)
    for name in fields:
        assert getattr(again.item, name).tobytes() == getattr(columns, name).tobytes(), name


def test_prices_of_one_driver_that_share_no_number_of_decimals_come_back(tmp_path: Path) -> None:
    prices = [123_456_789_012.5, 0.000000001, 3.25]
    columns = PriceBatch((("topic", 0),))
    for row, price in enumerate(prices):
        for name, value in zip(PriceBatch.__slots__[1:], (0, price, 1, 1, 0, row, row, 1), strict=True):
            getattr(columns, name).append(value)
    write(tmp_path / "r", [Record(1, 0, columns)])
    (again,) = read(tmp_path / "r")
    assert isinstance(again.item, PriceBatch)
    assert again.item.price.tolist() == prices


def test_reader_of_a_file_still_being_written_sees_the_flushed_blocks(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "r", header())
    writer.append(1, 0, ClockAdvanced(1))
    writer.flush(sync=False)
    writer.append(2, 1, ClockAdvanced(2))
    with RecordingReader(tmp_path / "r") as reader:
        assert (reader.last_seq, reader.torn_bytes, reader.is_closed) == (1, 0, False)
    writer.close()
    assert os.listdir(tmp_path) == ["r"]  # noqa: PTH208
