"""The accounts of the ledger in columns, and the few things only some accounts have."""

from __future__ import annotations

from array import array

from monitor.book.ledger.columns import NONE
from monitor.book.ledger.told import NOTHING_TOLD, Told
from monitor.domain.account import AccountMode, PositionMode
from monitor.domain.holdings import Order

MODES = tuple(AccountMode)
POSITION_MODES = tuple(PositionMode)
NEVER_NS = -1


class Accounts:
    """Account rows by id. A removed account's row is used again by the next one."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.names: list[str] = []
        self.first_position = array("i")
        self.first_wallet = array("i")
        self.agreed_ns = array("q")
        self._mode = array("b")
        self._position_mode = array("b")
        self.orders: dict[int, tuple[Order, ...]] = {}
        self._told: dict[int, Told] = {}
        self._free: list[int] = []

    def add(self, account: str, mode: AccountMode, position_mode: PositionMode) -> int:
        """A new account without holdings."""
        if self._free:
            row = self._free.pop()
            self.names[row] = account
            self.agreed_ns[row] = NEVER_NS
        else:
            row = len(self.names)
            self.names.append(account)
            self.first_position.append(NONE)
            self.first_wallet.append(NONE)
            self.agreed_ns.append(NEVER_NS)
            self._mode.append(0)
            self._position_mode.append(0)
        self.rows[account] = row
        self.set_modes(row, mode, position_mode)
        return row

    def set_modes(self, row: int, mode: AccountMode | None, position_mode: PositionMode | None) -> None:
        """Change what is not None."""
        if mode is not None:
            self._mode[row] = MODES.index(mode)
        if position_mode is not None:
            self._position_mode[row] = POSITION_MODES.index(position_mode)

    def mode(self, row: int) -> AccountMode:
        """What backs what in the account."""
        return MODES[self._mode[row]]

    def position_mode(self, row: int) -> PositionMode:
        """Whether the account holds a long and a short side by side."""
        return POSITION_MODES[self._position_mode[row]]

    def is_hedge(self, row: int) -> bool:
        """Whether the account is in hedge mode."""
        return self._position_mode[row] == _HEDGE

    def told(self, row: int) -> Told:
        """What the venue told of the account beside its positions, wallets and orders: nothing of it is None."""
        return self._told.get(row, NOTHING_TOLD)

    def tell(self, row: int, told: Told) -> None:
        """Replace what is told; None: as before."""
        now = told.over(self.told(row))
        if any(now):
            self._told[row] = now
        else:
            self._told.pop(row, None)

    def remove(self, account: str) -> None:
        """Free the account's row; its positions and wallets must have been freed before."""
        row = self.rows.pop(account)
        self.orders.pop(row, None)
        self._told.pop(row, None)
        self.names[row] = ""
        self._free.append(row)


_HEDGE = POSITION_MODES.index(PositionMode.HEDGE)
