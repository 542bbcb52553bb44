"""The ledger: the exact record of what accounts hold (contract 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitor.book.ledger import adoption, comparing, filling, plain, settings, view
from monitor.book.ledger.cashing import CashInput, apply_cash
from monitor.book.ledger.invariants import check_invariants
from monitor.book.ledger.outcome import Difference, FillOutcome
from monitor.book.ledger.plain import LedgerHead
from monitor.book.ledger.store import Store
from monitor.domain.account import AccountMode, PositionMode
from monitor.domain.events import AccountDeclared, AccountState, Fill, SettingsChanged
from monitor.domain.holdings import AccountHoldings
from monitor.domain.instrument import Instrument


class Ledger:
    """Positions and wallets of all accounts, moved by fills and cash, checked by the venue's absolute states.

    Pure and deterministic: the same calls give the same answers and the same `state()`. Sizes, costs and wallets are integers
    in columns; Decimals are the face. A call that raises `BadInput` (it names field, value and source) has changed nothing.
    """

    __slots__ = ("_store",)

    def __init__(self) -> None:
        self._store = Store()

    def set_instrument(self, instrument: Instrument) -> None:
        """Take an instrument's terms. Raises `BadInput` when they would change the meaning of open positions."""
        self._store.set_instrument(instrument)

    def instrument(self, instrument: str) -> Instrument | None:
        """The terms last set, None when never set."""
        terms = self._store.terms.get(self._store.instruments.numbers.get(instrument, -1))
        return None if terms is None else terms.instrument

    def declare(self, event: AccountDeclared) -> None:
        """Add an account without holdings; of a known one, take the settings."""
        settings.declare(self._store, event)

    def apply_settings(self, event: SettingsChanged) -> None:
        """Take the settings that are not None."""
        settings.apply_settings(self._store, event)

    def remove(self, account: str) -> None:
        """Forget an account."""
        settings.remove(self._store, account)

    def __contains__(self, account: str) -> bool:
        return account in self._store.accounts.rows

    def accounts(self) -> Iterator[str]:
        """The accounts, in the order in which they were declared."""
        return iter(self._store.accounts.rows)

    def apply_fill(self, fill: Fill) -> FillOutcome:
        """Apply a fill once, by its identity."""
        return filling.apply_fill(self._store, fill)

    def apply_cash(self, event: CashInput) -> bool:
        """Apply a cash event once; False: it was applied before, or the last agreed state holds it."""
        return apply_cash(self._store, event)

    def compare(self, state: AccountState) -> tuple[Difference, ...]:
        """What differs between ours and the state, both at the state's venue time. Changes nothing."""
        return comparing.compare(self._store, state)

    def adopt(self, state: AccountState) -> None:
        """Take the state's values at its venue time and apply what came later on top; a complete one is agreed from then on."""
        adoption.adopt(self._store, state)

    def take_settings(self, state: AccountState) -> None:
        """Take leverage, margin mode, ADL rank and orders from a state, and no figure of positions or wallets."""
        adoption.take_settings(self._store, state)

    def take_isolated_wallets(self, state: AccountState) -> None:
        """Take the isolated wallets from a state, and what moved them later on top."""
        adoption.take_isolated_wallets(self._store, state)

    def mark_agreed(self, account: str, ts_event_ns: int) -> None:
        """Ours was the venue's at this venue time: events up to it that are not known are contained in it."""
        adoption.mark_agreed(self._store, self._store.account_row(account, "ledger"), ts_event_ns)

    def overflowed(self, account: str) -> bool:
        """Whether event ids from behind the last agreed state had to be dropped: reconcile before trusting duplicates."""
        return self._store.ids.overflowed(self._store.account_row(account, "ledger"))

    def holdings(self, account: str) -> AccountHoldings:
        """What the account holds: open positions by instrument, then side; whole wallets by asset."""
        return view.holdings(self._store, account)

    def modes(self, account: str) -> tuple[AccountMode, PositionMode]:
        """How the account is set, without the cost of its holdings."""
        row = self._store.account_row(account, "ledger")
        return self._store.accounts.mode(row), self._store.accounts.position_mode(row)

    def venue_holdings(self, state: AccountState, account: str) -> AccountHoldings:
        """What the account would hold after `adopt(state)`: the second of two compilations while both differ."""
        return view.venue_holdings(self._store, state, account)

    def position_instruments(self, account: str) -> tuple[str, ...]:
        """The instruments of the account's open positions, sorted."""
        return view.position_instruments(self._store, account)

    def state(self) -> dict[str, Any]:
        """The whole ledger as plain JSON data; `restore` gives it back exactly."""
        head = self.head()
        return head.plain([self.account_state(account) for account in head.accounts])

    def head(self) -> LedgerHead:
        """What the ledger's state holds besides the accounts' own rows, as of now."""
        return LedgerHead.of(self._store)

    def account_state(self, account: str) -> dict[str, Any]:
        """One account's row of the ledger's state."""
        return plain.account_to_plain(self._store, account)

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Ledger:
        """The ledger that `state()` described."""
        ledger = cls()
        ledger._store = plain.from_plain(state)
        return ledger

    def check_invariants(self) -> None:
        """Raise `InvariantBroken` when a statement that must always hold does not. Walks everything."""
        check_invariants(self._store)
