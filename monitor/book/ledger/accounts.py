"""The accounts of the ledger in columns, and the few things only some accounts have."""

from __future__ import annotations

from array import array
from decimal import Decimal

from monitor.book.ledger.columns import NONE
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
        self.frozen: dict[int, dict[str, Decimal]] = {}
        self.not_collateral: dict[int, tuple[str, ...]] = {}
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

    def set_coins(self, row: int, frozen: dict[str, Decimal] | None, not_collateral: tuple[str, ...] | None) -> None:
        """Replace what is frozen and what is no collateral, each told whole; None: as before."""
        if frozen is not None:
            self.frozen[row] = frozen
            if not frozen:
                del self.frozen[row]
        if not_collateral is not None:
            self.not_collateral[row] = not_collateral
            if not not_collateral:
                del self.not_collateral[row]

    def remove(self, account: str) -> None:
        """Free the account's row; its positions and wallets must have been freed before."""
        row = self.rows.pop(account)
        self.orders.pop(row, None)
        self.frozen.pop(row, None)
        self.not_collateral.pop(row, None)
        self.names[row] = ""
        self._free.append(row)


_HEDGE = POSITION_MODES.index(PositionMode.HEDGE)
