"""Our figures as they were at a venue time: what was applied with a later stamp is taken out."""

from __future__ import annotations

from typing import NamedTuple

from monitor.book.ledger.positions import PositionRow
from monitor.book.ledger.recent import CashChange, Change, FillChange, wallet_moves
from monitor.book.ledger.store import PositionKey, Store
from monitor.domain.errors import BadInput


class PositionThen(NamedTuple):
    """A position at a venue time.

    `cost_is_exact` is False when a fill from before that time was applied after one from behind it: average cost depends on
    the order, so the cost of then is not known and entry prices are not compared. `later` holds the changes from behind that
    time that touched the position, with their index in the account's recent changes, in order of application.
    """

    now: PositionRow
    size: int
    cost: int
    cost_is_exact: bool
    later: tuple[tuple[int, Change], ...]

    @property
    def isolated_wallet(self) -> int | None:
        """The isolated wallet then, None where it is not known or a fill has made it the venue's word."""
        wallet = self.now.isolated_wallet
        if wallet is None or self.now.wallet_pending:
            return None
        for _index, change in self.later:
            if isinstance(change, FillChange):
                return None
            wallet -= sum(steps for _instrument, _side, steps in change.isolated)
        return wallet


class AccountThen(NamedTuple):
    """An account at a venue time: positions by key, whole wallets by asset number, `later` the indices of later changes."""

    positions: dict[PositionKey, PositionThen]
    wallets: dict[int, int]
    later: list[int]


def account_then(store: Store, account: int, ts_event_ns: int, source: str) -> AccountThen:
    """The account as of a venue time; raises `BadInput` when that lies before what the recent changes reach back to."""
    horizon = store.recent.horizon_ns(account)
    if horizon is not None and ts_event_ns < horizon:
        raise BadInput("older than the changes kept to compare it", field="ts_event_ns", value=ts_event_ns, source=source)
    changes = store.recent.of(account)
    later = [index for index, change in enumerate(changes) if change.ts_event_ns > ts_event_ns]
    wallets = {asset: balance for asset, balance, _residual in store.wallets.of(account)}
    touched: dict[PositionKey, list[tuple[int, Change]]] = {}
    for index in later:
        change = changes[index]
        for asset, steps in wallet_moves(change):
            wallets[asset] = wallets.get(asset, 0) - steps
        for key in _keys_of(change):
            touched.setdefault(key, []).append((index, change))
    keys = {*store.position_keys(account), *touched}
    interleaved = _interleaved(changes, ts_event_ns) if later else frozenset()
    positions = {key: _then(store.position(account, key), touched.get(key, []), key, key not in interleaved) for key in keys}
    return AccountThen(positions, wallets, later)


def _then(now: PositionRow, later: list[tuple[int, Change]], key: PositionKey, cost_is_exact: bool) -> PositionThen:
    size, cost = now.size, now.cost
    own: list[tuple[int, Change]] = []
    for index, change in later:
        if isinstance(change, FillChange):
            size -= change.size
            cost -= change.cost_change
            own.append((index, change))
        else:
            # A transfer may touch two positions: only this one's part belongs here.
            mine = tuple(move for move in change.isolated if (move[0], move[1]) == key)
            own.append((index, CashChange(change.ts_event_ns, (), mine)))
    return PositionThen(now, size, cost, cost_is_exact, tuple(own))


def _keys_of(change: Change) -> list[PositionKey]:
    if isinstance(change, FillChange):
        return [(change.instrument, change.side)]
    return list(dict.fromkeys((instrument, side) for instrument, side, _steps in change.isolated))


def _interleaved(changes: list[Change], ts_event_ns: int) -> frozenset[PositionKey]:
    """Positions where a fill up to the venue time was applied after a later one."""
    seen_later: set[PositionKey] = set()
    mixed: set[PositionKey] = set()
    for change in changes:
        if isinstance(change, FillChange):
            key = (change.instrument, change.side)
            if change.ts_event_ns > ts_event_ns:
                seen_later.add(key)
            elif key in seen_later:
                mixed.add(key)
    return frozenset(mixed)
