"""Growing columns of plain machine integers: no Python object a row.

`array.array` rather than a NumPy array: the ledger reads and writes one row at a time, and an array hands out Python
integers (no silent wrap at 64 bits) in a third of the time. NumPy sees the same memory through the buffer protocol.
"""

from __future__ import annotations

from array import array

LOW_MASK = (1 << 64) - 1
NONE = -1


class WideColumn:
    """Signed 128-bit integers as two columns of 64 bits: the high half signed, the low half not."""

    __slots__ = ("high", "low")

    def __init__(self) -> None:
        self.high = array("q")
        self.low = array("Q")

    def __len__(self) -> int:
        return len(self.high)

    def __getitem__(self, row: int) -> int:
        return (self.high[row] << 64) | self.low[row]

    def __setitem__(self, row: int, value: int) -> None:
        self.high[row] = value >> 64
        self.low[row] = value & LOW_MASK

    def append(self, value: int) -> None:
        """Add a row."""
        self.high.append(value >> 64)
        self.low.append(value & LOW_MASK)


class Names:
    """Strings by a dense number, in order of first mention."""

    __slots__ = ("by_number", "numbers")

    def __init__(self) -> None:
        self.by_number: list[str] = []
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a name, given at its first mention."""
        number = self.numbers.get(name)
        if number is None:
            number = self.numbers[name] = len(self.by_number)
            self.by_number.append(name)
        return number
