"""What our ledger and the venue's state do not share, at the state's venue time."""

from __future__ import annotations

from monitor.book.ledger.as_of import PositionThen, account_then
from monitor.book.ledger.fixed_point import agrees_as_printed, decimal_of
from monitor.book.ledger.outcome import Difference
from monitor.book.ledger.positions import SIDES
from monitor.book.ledger.store import PositionKey, Store
from monitor.book.ledger.venue_state import Stated, StatedPosition, StatedWallet, entry_agrees, stated
from monitor.domain.events import AccountState

_FLAT_WALLET = StatedWallet(0, 1)


def compare(store: Store, state: AccountState) -> tuple[Difference, ...]:
    """Positions in canonical order, then wallets by asset; empty when all agree.

    Sizes are compared exactly; entry prices, wallets and isolated wallets as far as they were printed. What a complete state
    does not list is zero there; what an incomplete one does not list is not compared.
    """
    account = store.account_row(state.account, state.source)
    said = stated(store, account, state)
    then = account_then(store, account, state.ts_event_ns, state.source)
    keys = set(said.positions) | (set(then.positions) if state.complete else set())
    found: list[Difference] = []
    for key in sorted(keys, key=store.canonical):
        ours = then.positions.get(key) or PositionThen(store.position(account, key), 0, 0, True, ())
        found += _position_differences(store, key, ours, said.positions.get(key))
    return (*found, *_wallet_differences(store, then.wallets, said, state.complete))


def lot_agrees(ours: PositionThen, said: StatedPosition | None) -> bool:
    """Whether size and cost of then are what the state says (None: flat)."""
    if ours.size != (said.size if said else 0):
        return False
    return said is None or said.size == 0 or not ours.cost_is_exact or entry_agrees(said, ours.cost, ours.now.doubt)


def _position_differences(store: Store, key: PositionKey, ours: PositionThen, said: StatedPosition | None) -> list[Difference]:
    terms = store.terms[key[0]]
    name = f"{store.instruments.by_number[key[0]]}/{SIDES[key[1]].value}"
    their_size = said.size if said else 0
    if ours.size != their_size:
        return [Difference(f"size/{name}", terms.size_decimal(ours.size), terms.size_decimal(their_size))]
    if said is None or their_size == 0:
        return []
    found: list[Difference] = []
    if not lot_agrees(ours, said):
        found.append(Difference(f"entry_price/{name}", terms.entry_price(ours.size, ours.cost), said.said.entry_price))
    wallet, theirs = ours.isolated_wallet, said.isolated_wallet
    if wallet is not None and theirs is not None and not agrees_as_printed(wallet, theirs, said.isolated_unit):
        found.append(Difference(f"isolated_wallet/{name}", decimal_of(wallet), decimal_of(theirs)))
    return found


def _wallet_differences(store: Store, ours: dict[int, int], said: Stated, complete: bool) -> list[Difference]:
    names = store.assets.by_number
    assets = set(said.wallets) | (set(ours) if complete else set())
    found: list[Difference] = []
    for asset in sorted(assets, key=names.__getitem__):
        theirs = said.wallets.get(asset, _FLAT_WALLET)
        balance = ours.get(asset, 0)
        if not agrees_as_printed(balance, theirs.balance, theirs.unit):
            found.append(Difference(f"wallet/{names[asset]}", decimal_of(balance), decimal_of(theirs.balance)))
    return found
