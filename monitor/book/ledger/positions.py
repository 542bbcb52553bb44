"""The positions of all accounts in columns: one row a position, rows of one account linked; about 50 bytes a row."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from monitor.book.ledger.columns import NONE, WideColumn
from monitor.domain.account import PositionSide

SIDES = (PositionSide.BOTH, PositionSide.LONG, PositionSide.SHORT)
SIDE_CODES = {side: code for code, side in enumerate(SIDES)}
_SIDE_BITS = 3
_ISOLATED_BIT = 4
_PENDING_BIT = 8
_MOST_CACHED = 100_000


class PositionRow(NamedTuple):
    """One row, unpacked. `wallet_pending`: a fill moved the position after its isolated wallet was last stated."""

    size: int = 0
    cost: int = 0
    doubt: int = 0
    is_isolated: bool = False
    isolated_wallet: int | None = None
    wallet_pending: bool = False
    leverage: Decimal | None = None
    adl_rank: int | None = None
    taker_fee_rate: Decimal | None = None

    @property
    def says_nothing(self) -> bool:
        """Flat and without a setting: the row need not be kept."""
        return self == EMPTY


EMPTY = PositionRow()


class Positions:
    """Rows by (account row, instrument number, side code). `first` is the account table's column of chain heads."""

    def __init__(self, first: array[int]) -> None:
        self._first = first
        self._next = array("i")
        self._instrument = array("i")
        self._flags = array("B")
        self._size = array("q")
        self._cost = WideColumn()
        self._doubt = array("q")
        self._wallet = array("i")
        self._leverage = array("i")
        self._adl_rank = array("b")
        self._fee_rate = array("i")
        self._isolated_wallets = WideColumn()
        self._free_wallets: list[int] = []
        self._rates: list[Decimal] = []
        self._rate_numbers: dict[str, int] = {}
        self._free = NONE
        self._cached: dict[int, int] = {}

    def find(self, account: int, instrument: int, side: int) -> int:
        """The row, -1 when there is none."""
        key = account << 34 | instrument << 2 | side
        row = self._cached.get(key)
        if row is not None:
            return row
        row = self._first[account]
        instruments, flags, following = self._instrument, self._flags, self._next
        while row >= 0 and (instruments[row] != instrument or flags[row] & _SIDE_BITS != side):
            row = following[row]
        if row >= 0:
            if len(self._cached) >= _MOST_CACHED:
                self._cached.clear()
            self._cached[key] = row
        return row

    def lot(self, row: int) -> tuple[int, int, int]:
        """Size, cost and doubt of a row."""
        return self._size[row], self._cost[row], self._doubt[row]

    def set_lot(self, row: int, size: int, cost: int, doubt: int) -> None:
        """Write size, cost and doubt of a row."""
        self._size[row] = size
        self._cost[row] = cost
        self._doubt[row] = doubt

    def is_isolated(self, row: int) -> bool:
        """Whether the position has a wallet of its own."""
        return bool(self._flags[row] & _ISOLATED_BIT)

    def read(self, row: int) -> PositionRow:
        """A row unpacked."""
        flags, wallet, adl_rank = self._flags[row], self._wallet[row], self._adl_rank[row]
        leverage, fee_rate = self._leverage[row], self._fee_rate[row]
        return PositionRow(
            self._size[row],
            self._cost[row],
            self._doubt[row],
            bool(flags & _ISOLATED_BIT),
            None if wallet < 0 else self._isolated_wallets[wallet],
            bool(flags & _PENDING_BIT),
            None if leverage < 0 else self._rates[leverage],
            None if adl_rank < 0 else adl_rank,
            None if fee_rate < 0 else self._rates[fee_rate],
        )

    def write(self, account: int, instrument: int, side: int, value: PositionRow) -> None:
        """Write a whole row: made when it is new, freed when it says nothing any more."""
        row = self.find(account, instrument, side)
        if value.says_nothing:
            if row >= 0:
                self._release(account, row, instrument, side)
            return
        if row < 0:
            row = self.add(account, instrument, side)
        self.set_lot(row, value.size, value.cost, value.doubt)
        self._flags[row] = side | value.is_isolated * _ISOLATED_BIT | value.wallet_pending * _PENDING_BIT
        self._set_isolated_wallet(row, value.isolated_wallet)
        self._leverage[row] = self._rate_number(value.leverage)
        self._fee_rate[row] = self._rate_number(value.taker_fee_rate)
        self._adl_rank[row] = NONE if value.adl_rank is None else value.adl_rank

    def add(self, account: int, instrument: int, side: int) -> int:
        """A new row of nothing, at the head of its account's chain."""
        row = self._free
        if row >= 0:
            self._free = self._next[row]
            self._next[row], self._instrument[row], self._flags[row] = self._first[account], instrument, side
        else:
            row = len(self._next)
            self._next.append(self._first[account])
            self._instrument.append(instrument)
            self._flags.append(side)
            self._size.append(0)
            self._cost.append(0)
            self._doubt.append(0)
            self._wallet.append(NONE)
            self._leverage.append(NONE)
            self._adl_rank.append(NONE)
            self._fee_rate.append(NONE)
        self._first[account] = row
        return row

    def of(self, account: int) -> Iterator[tuple[int, int, int]]:
        """The account's rows as (row, instrument number, side code), in no order that means anything."""
        row = self._first[account]
        while row >= 0:
            yield row, self._instrument[row], self._flags[row] & _SIDE_BITS
            row = self._next[row]

    def remove(self, account: int) -> None:
        """Free all rows of an account."""
        for row, instrument, side in list(self.of(account)):
            self._release(account, row, instrument, side)

    def rescale(self, instrument: int, factor: int) -> None:
        """Sizes of an instrument count in a finer unit from now on."""
        for row, number in enumerate(self._instrument):
            if number == instrument:
                self._size[row] *= factor

    def largest_size(self, instrument: int) -> int:
        """The largest size held of an instrument by any account, in its units, without sign; 0 when nobody holds it."""
        sizes = (abs(self._size[row]) for row, number in enumerate(self._instrument) if number == instrument)
        return max(sizes, default=0)

    def count(self) -> int:
        """Rows in use."""
        free, row = 0, self._free
        while row >= 0:
            free, row = free + 1, self._next[row]
        return len(self._next) - free

    def _release(self, account: int, row: int, instrument: int, side: int) -> None:
        if self._first[account] == row:
            self._first[account] = self._next[row]
        else:
            before = self._first[account]
            while self._next[before] != row:
                before = self._next[before]
            self._next[before] = self._next[row]
        self._cached.pop(account << 34 | instrument << 2 | side, None)
        self.set_lot(row, 0, 0, 0)
        self._set_isolated_wallet(row, None)
        self._leverage[row] = self._adl_rank[row] = self._fee_rate[row] = NONE
        self._instrument[row], self._next[row], self._free = NONE, self._free, row

    def _set_isolated_wallet(self, row: int, steps: int | None) -> None:
        wallet = self._wallet[row]
        if steps is None:
            if wallet >= 0:
                self._free_wallets.append(wallet)
                self._wallet[row] = NONE
        elif wallet >= 0:
            self._isolated_wallets[wallet] = steps
        elif self._free_wallets:
            wallet = self._wallet[row] = self._free_wallets.pop()
            self._isolated_wallets[wallet] = steps
        else:
            self._wallet[row] = len(self._isolated_wallets)
            self._isolated_wallets.append(steps)

    def _rate_number(self, rate: Decimal | None) -> int:
        """The number of a leverage or a fee rate: few different ones are held by many rows."""
        if rate is None:
            return NONE
        text = str(rate)
        number = self._rate_numbers.get(text)
        if number is None:
            number = self._rate_numbers[text] = len(self._rates)
            self._rates.append(rate)
        return number
