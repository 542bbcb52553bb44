"""The wallets of all accounts in columns: whole balances per asset, rows of one account linked."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from monitor.book.ledger.columns import NONE, WideColumn


class Wallets:
    """Rows by (account row, asset number). A wallet once seen stays, at zero too, until its account is removed.

    `residual` sums what printed realised PnL moved beyond ours where no cost could carry it (see `booking`).
    """

    def __init__(self, first: array[int]) -> None:
        self._first = first
        self._next = array("i")
        self._asset = array("i")
        self._balance = WideColumn()
        self._residual = WideColumn()
        self._free = NONE

    def find(self, account: int, asset: int) -> int:
        """The row, -1 when the account never had the asset."""
        row = self._first[account]
        while row >= 0 and self._asset[row] != asset:
            row = self._next[row]
        return row

    def balance(self, account: int, asset: int) -> int:
        """The whole balance in asset steps, 0 for what an account never had."""
        row = self.find(account, asset)
        return 0 if row < 0 else self._balance[row]

    def residual(self, account: int, asset: int) -> int:
        """The sum of residuals in asset steps."""
        row = self.find(account, asset)
        return 0 if row < 0 else self._residual[row]

    def move(self, account: int, asset: int, steps: int, residual: int = 0) -> None:
        """Add to a balance, and to its residual."""
        row = self._row(account, asset)
        if steps:
            self._balance[row] += steps
        if residual:
            self._residual[row] += residual

    def write(self, account: int, asset: int, balance: int, residual: int) -> None:
        """Set a balance and its residual."""
        row = self._row(account, asset)
        self._balance[row] = balance
        self._residual[row] = residual

    def of(self, account: int) -> Iterator[tuple[int, int, int]]:
        """The account's wallets as (asset number, balance, residual), in no order that means anything."""
        row = self._first[account]
        while row >= 0:
            yield self._asset[row], self._balance[row], self._residual[row]
            row = self._next[row]

    def remove(self, account: int) -> None:
        """Free all rows of an account."""
        row = self._first[account]
        while row >= 0:
            following = self._next[row]
            self._next[row], self._asset[row], self._free = self._free, NONE, row
            row = following
        self._first[account] = NONE

    def count(self) -> int:
        """Rows in use."""
        free, row = 0, self._free
        while row >= 0:
            free, row = free + 1, self._next[row]
        return len(self._next) - free

    def _row(self, account: int, asset: int) -> int:
        row = self.find(account, asset)
        if row >= 0:
            return row
        row = self._free
        if row >= 0:
            self._free = self._next[row]
            self._next[row], self._asset[row] = self._first[account], asset
            self._balance[row] = self._residual[row] = 0
        else:
            row = len(self._next)
            self._next.append(self._first[account])
            self._asset.append(asset)
            self._balance.append(0)
            self._residual.append(0)
        self._first[account] = row
        return row
