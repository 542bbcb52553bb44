"""Statements that always hold of the ledger's tables; one that does not is a bug of ours."""

from __future__ import annotations

from monitor.book.ledger.filling import LONG, SHORT
from monitor.book.ledger.store import Store
from monitor.domain.errors import InvariantBroken


def check_invariants(store: Store) -> None:
    """Raise `InvariantBroken` at the first statement that does not hold. Walks everything: for tests and audits."""
    positions = wallets = 0
    for account, row in store.accounts.rows.items():
        _require(store.accounts.names[row] == account, account, "its row bears another name")
        keys = [(instrument, side) for _row, instrument, side in store.positions.of(row)]
        assets = [asset for asset, _balance, _residual in store.wallets.of(row)]
        _require(len(set(keys)) == len(keys), account, "a position has two rows")
        _require(len(set(assets)) == len(assets), account, "a wallet has two rows")
        for instrument, side in keys:
            _check_position(store, account, row, instrument, side)
        positions += len(keys)
        wallets += len(assets)
    _require(positions == store.positions.count(), "positions", "rows in use that no account reaches")
    _require(wallets == store.wallets.count(), "wallets", "rows in use that no account reaches")


def _check_position(store: Store, account: str, row: int, instrument: int, side: int) -> None:
    held = store.position(row, (instrument, side))
    _require(instrument in store.terms, account, "a position of an instrument without terms")
    _require(not held.says_nothing, account, "a row is kept that says nothing")
    _require(held.doubt >= 0, account, "doubt below zero")
    _require(side != LONG or held.size >= 0, account, "a long position below zero")
    _require(side != SHORT or held.size <= 0, account, "a short position above zero")
    _require(held.is_isolated or held.isolated_wallet is None, account, "a cross position with an isolated wallet")
    if held.size == 0:
        flat = held.cost == 0 and held.doubt == 0 and held.isolated_wallet is None and not held.wallet_pending
        _require(flat, account, "a flat position that holds something")


def _require(holds: bool, subject: str, statement: str) -> None:
    if not holds:
        raise InvariantBroken(f"{subject}: {statement}")
