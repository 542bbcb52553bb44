"""The venue's state as the new base, with everything from behind its venue time applied again on top.

What agrees is left as it is (our cost knows more digits than a printed entry price), so that adopting an agreeing state
changes nothing but what only the venue knows: margin mode, leverage, ADL rank, isolated wallets, orders, what is frozen,
borrowed or switched off as collateral, and figures that the venue alone can give.
"""

from __future__ import annotations

from typing import NamedTuple

from monitor.book.ledger.as_of import AccountThen, PositionThen, account_then
from monitor.book.ledger.booking import book_fill
from monitor.book.ledger.comparing import lot_agrees
from monitor.book.ledger.filling import require_reachable
from monitor.book.ledger.fixed_point import agrees_as_printed
from monitor.book.ledger.positions import PositionRow
from monitor.book.ledger.recent import CashChange, Change, FillChange, wallet_moves
from monitor.book.ledger.store import PositionKey, Store
from monitor.book.ledger.terms import require_column_size
from monitor.book.ledger.told import Told
from monitor.book.ledger.venue_state import Stated, StatedPosition, stated
from monitor.domain.account import MarginMode
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountState
from monitor.domain.holdings import Order


class Adoption(NamedTuple):
    """An account as it will be: rows to write, whole wallets, changes that were applied again; the rest None: as before."""

    positions: dict[PositionKey, PositionRow]
    wallets: dict[int, int]
    changes: dict[int, FillChange]
    orders: tuple[Order, ...] | None
    told: Told = Told()


def plan_adoption(store: Store, account: int, state: AccountState) -> Adoption:
    """The account after the state and what came later; raises `BadInput` when both cannot be true. Writes nothing."""
    said = stated(store, account, state)
    then = account_then(store, account, state.ts_event_ns, state.source)
    keys = set(said.positions) | (set(then.positions) if state.complete else set())
    positions: dict[PositionKey, PositionRow] = {}
    changes: dict[int, FillChange] = {}
    for key in sorted(keys, key=store.canonical):
        ours = then.positions.get(key) or PositionThen(store.position(account, key), 0, 0, True, ())
        positions[key] = _adopt_position(store, account, key, ours, said.positions.get(key), changes, state)
    wallets = _adopt_wallets(store, account, then, said, state.complete, changes)
    return Adoption(positions, wallets, changes, state.orders, Told.of(state))


def adopt(store: Store, state: AccountState) -> None:
    """The account takes the state's values at its venue time. A complete one counts as agreed from then on.

    Raises `BadInput`, with nothing changed, when a later complete state was agreed on before.
    """
    account = store.account_row(state.account, state.source)
    if state.complete and state.ts_event_ns < store.accounts.agreed_ns[account]:
        raise BadInput("older than the last agreed state", field="ts_event_ns", value=state.ts_event_ns, source=state.source)
    plan = plan_adoption(store, account, state)
    for key, row in plan.positions.items():
        store.positions.write(account, *key, row)
        if not state.complete:
            place = (account, *key)
            store.listed_until_ns[place] = max(state.ts_event_ns, store.listed_until_ns.get(place, 0))
    for asset, balance in plan.wallets.items():
        store.wallets.write(account, asset, balance, store.wallets.residual(account, asset))
    for index, change in plan.changes.items():
        store.recent.replace(account, index, change)
    if plan.orders is not None:
        set_orders(store, account, plan.orders)
    store.accounts.tell(account, plan.told)
    if state.complete:
        mark_agreed(store, account, state.ts_event_ns)


def mark_agreed(store: Store, account: int, ts_event_ns: int) -> None:
    """Ours was the venue's at this venue time: what was kept to tell is no longer needed (less a margin)."""
    agreed = max(ts_event_ns, store.accounts.agreed_ns[account])
    store.accounts.agreed_ns[account] = agreed
    store.ids.agreed(account, agreed)
    store.recent.agreed(account, agreed)
    if store.listed_until_ns:
        settled = [place for place, ns in store.listed_until_ns.items() if place[0] == account and ns <= agreed]
        for place in settled:
            del store.listed_until_ns[place]
    if account in store.mode_since_ns:
        store.mode_since_ns[account] = {number: ns for number, ns in store.mode_since_ns[account].items() if ns > agreed}


def take_settings(store: Store, state: AccountState) -> None:
    """Take leverage, margin mode, ADL rank and orders alone: a position's figures stay ours."""
    account = store.account_row(state.account, state.source)
    said = stated(store, account, state)
    then = account_then(store, account, state.ts_event_ns, state.source)
    for key, position in said.positions.items():
        ours = then.positions.get(key) or PositionThen(store.position(account, key), 0, 0, True, ())
        store.positions.write(account, *key, _adopt_settings(store, account, key, ours, position, state))
    if state.orders is not None:
        set_orders(store, account, state.orders)
    store.accounts.tell(account, Told.of(state))


def take_isolated_wallets(store: Store, state: AccountState) -> None:
    """Take the isolated wallets alone: only the venue knows how much margin a fill moved into one."""
    account = store.account_row(state.account, state.source)
    said = stated(store, account, state)
    then = account_then(store, account, state.ts_event_ns, state.source)
    for key, position in said.positions.items():
        if position.isolated_wallet is not None and key in then.positions:
            ours = then.positions[key]
            store.positions.write(account, *key, _adopt_isolated_wallet(ours.now, ours, position))


def set_orders(store: Store, account: int, orders: tuple[Order, ...]) -> None:
    """Replace all open orders of an account."""
    if orders:
        store.accounts.orders[account] = orders
    else:
        store.accounts.orders.pop(account, None)


def _adopt_position(
    store: Store,
    account: int,
    key: PositionKey,
    ours: PositionThen,
    said: StatedPosition | None,
    changes: dict[int, FillChange],
    state: AccountState,
) -> PositionRow:
    row = ours.now
    if not lot_agrees(ours, said):
        size, cost, doubt = (said.size, said.cost, said.cost_width) if said else (0, 0, 0)
        for index, change in ours.later:
            if isinstance(change, FillChange):
                terms = store.terms[key[0]]
                booking = book_fill(terms, size, cost, doubt, change.size, change.price, change.printed, change.unit)
                require_reachable(key[1], booking.size, terms.size_decimal(change.size), state.source)
                require_column_size(booking.size, "size", state.source)
                changes[index] = change._replace(
                    cost_change=booking.cost - cost, realised=booking.realised, restarts=booking.restarts
                )
                size, cost, doubt = booking.size, booking.cost, booking.doubt
        row = row._replace(
            size=size, cost=cost, doubt=doubt, isolated_wallet=None, wallet_pending=row.is_isolated and size != 0
        )
    if said is not None:
        row = _adopt_settings(store, account, key, ours._replace(now=row), said, state)
        row = _adopt_isolated_wallet(row, ours, said, changes)
    if row.size == 0:
        row = row._replace(isolated_wallet=None, wallet_pending=False, adl_rank=None)
    return row


def _adopt_settings(
    store: Store, account: int, key: PositionKey, ours: PositionThen, said: StatedPosition, state: AccountState
) -> PositionRow:
    """The position with the state's settings, unless a later change of settings or fill told another margin mode."""
    is_isolated = said.said.margin_mode is MarginMode.ISOLATED
    if state.ts_event_ns < store.mode_since_ns.get(account, {}).get(key[0], state.ts_event_ns):
        is_isolated = ours.now.is_isolated
    for _index, change in ours.later:
        if isinstance(change, FillChange) and change.mode >= 0:
            is_isolated = bool(change.mode)
    now = ours.now
    return now._replace(
        is_isolated=is_isolated,
        leverage=now.leverage if said.said.leverage is None else said.said.leverage,
        adl_rank=(now.adl_rank if said.said.adl_rank is None else said.said.adl_rank) if now.size else None,
        isolated_wallet=now.isolated_wallet if is_isolated else None,
        wallet_pending=now.wallet_pending and is_isolated,
    )


def _adopt_isolated_wallet(
    row: PositionRow, ours: PositionThen, said: StatedPosition, changes: dict[int, FillChange] | None = None
) -> PositionRow:
    """The position with the stated isolated wallet and what moved it later."""
    if said.isolated_wallet is None or not row.is_isolated or row.size == 0:
        return row
    wallet: int | None = said.isolated_wallet
    then = ours.isolated_wallet
    if (
        row.isolated_wallet is not None
        and then is not None
        and agrees_as_printed(then, said.isolated_wallet, said.isolated_unit)
    ):
        return row
    if row.isolated_wallet is not None and not row.wallet_pending and any(isinstance(c, FillChange) for _, c in ours.later):
        return row  # the venue told it again after a later fill: what this state says is older
    is_pending = False
    for index, change in ours.later:
        if isinstance(change, CashChange):
            moved = sum(steps for _instrument, _side, steps in change.isolated)
            wallet = None if wallet is None else wallet + moved
        else:
            applied = (changes or {}).get(index, change)
            wallet = None if applied.restarts else wallet
            is_pending = True
    return row._replace(isolated_wallet=wallet, wallet_pending=is_pending)


def _adopt_wallets(
    store: Store, account: int, then: AccountThen, said: Stated, complete: bool, changes: dict[int, FillChange]
) -> dict[int, int]:
    """Whole wallets: the state's where it says another figure, else ours of then, and all later changes on top."""
    wallets = dict(then.wallets)
    if complete:
        wallets.update((asset, 0) for asset in then.wallets if asset not in said.wallets)
    for asset, wallet in said.wallets.items():
        if not agrees_as_printed(wallets.get(asset, 0), wallet.balance, wallet.unit):
            wallets[asset] = wallet.balance
        wallets.setdefault(asset, 0)
    recent = store.recent.of(account)
    for index in then.later:
        change: Change = changes.get(index, recent[index])
        for asset, steps in wallet_moves(change):
            wallets[asset] = wallets.get(asset, 0) + steps
    return wallets
