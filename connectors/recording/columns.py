"""Columns of 64-bit integers as few bytes: differences, their common factor taken out, zigzag, byte planes.

Byte planes (all lowest bytes, then all second bytes, ...) put the bytes that hardly change side by side, which is what the
compressor behind them needs. All arithmetic wraps at 64 bits and is undone by the same wrapping.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.domain.errors import BadInput

Integers = npt.NDArray[np.int64]


class ColumnShape(NamedTuple):
    """How a column was packed: `values[k] = start + factor * sum(first k+1 differences)`, or `factor * value` without."""

    name: str
    rows: int
    start: int
    factor: int
    width: int
    is_delta: bool

    @property
    def stored_bytes(self) -> int:
        """How many bytes the column takes before compression."""
        return self.rows * self.width


def pack(name: str, values: Integers, *, delta: bool) -> tuple[ColumnShape, bytes]:
    """One column as bytes, with what is needed to undo it. `delta`: neighbours are near each other."""
    count = int(values.size)
    if count == 0:
        return ColumnShape(name, 0, 0, 1, 0, delta), b""
    start = int(values[0]) if delta else 0
    steps = np.diff(values, prepend=values[:1]) if delta else values
    factor = max(int(np.gcd.reduce(steps)), 1)
    if factor > 1:
        steps = steps // factor
    zigzag = ((steps << 1) ^ (steps >> 63)).view(np.uint64)
    width = (int(zigzag.max()).bit_length() + 7) // 8
    planes = zigzag.astype("<u8").view(np.uint8).reshape(count, 8)[:, :width].T
    return ColumnShape(name, count, start, factor, width, delta), planes.tobytes()


def unpack(shape: ColumnShape, data: bytes | memoryview) -> Integers:
    """The column that `pack` made these bytes from."""
    if len(data) != shape.stored_bytes or not 0 <= shape.width <= 8:
        raise BadInput(f"column {shape.name} has {len(data)} bytes, expected {shape.stored_bytes}", field=shape.name)
    planes = np.zeros((shape.rows, 8), np.uint8)
    planes[:, : shape.width] = np.frombuffer(data, np.uint8).reshape(shape.width, shape.rows).T
    zigzag = planes.reshape(-1).view("<u8").astype(np.uint64)
    steps = (zigzag >> np.uint64(1)).view(np.int64) ^ -(zigzag & np.uint64(1)).view(np.int64)
    if shape.factor != 1:
        steps = steps * np.int64(shape.factor)
    if not shape.is_delta:
        return steps
    if shape.rows:
        steps[0] += np.int64(shape.start)
    return np.cumsum(steps, dtype=np.int64)
