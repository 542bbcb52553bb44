"""What moved an account of late: enough to take it out of our figures, or to apply it again, around a venue's state."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Any, NamedTuple

from monitor.book.ledger.columns import Names
from monitor.book.ledger.fixed_point import wide

MOST_CHANGES = 200_000
"""Over all accounts; the oldest go first."""
MOST_CHANGES_OF_ACCOUNT = 4_096
KEPT_BEHIND_AGREED_NS = 10 * 1_000_000_000


class FillChange(NamedTuple):
    """An applied fill: what it was, in steps, and what it did. `fee_asset` -1: no fee; `mode` -1: not said, 1: isolated."""

    ts_event_ns: int
    instrument: int
    side: int
    size: int
    price: int
    printed: int | None
    unit: int
    mode: int
    asset: int
    fee_asset: int
    fee: int
    cost_change: int
    realised: int
    restarts: bool


class CashChange(NamedTuple):
    """Applied cash: amounts by asset number for whole wallets, and by (instrument, side) for isolated wallets."""

    ts_event_ns: int
    wallets: tuple[tuple[int, int], ...]
    isolated: tuple[tuple[int, int, int], ...]


Change = FillChange | CashChange


def wallet_moves(change: Change) -> tuple[tuple[int, int], ...]:
    """What a change did to whole wallets: (asset number, steps)."""
    if isinstance(change, CashChange):
        return change.wallets
    if change.fee:
        return ((change.asset, change.realised), (change.fee_asset, -change.fee))
    return ((change.asset, change.realised),)


class ChangeNames(NamedTuple):
    """What the numbers in changes stand for."""

    accounts: list[str]
    instruments: Names
    assets: Names


class RecentChanges:
    """Changes by account row, in order of application, bounded over all accounts and for each."""

    __slots__ = ("_changes", "_count", "_horizon_ns", "_next", "_order", "_sequences")

    def __init__(self) -> None:
        self._changes: dict[int, list[Change]] = {}
        self._sequences: dict[int, list[int]] = {}
        self._horizon_ns: dict[int, int] = {}
        self._order: deque[tuple[int, int]] = deque()
        self._next = 0
        self._count = 0

    def append(self, account: int, change: Change) -> None:
        """Remember a change; the oldest are dropped beyond the bounds, and the horizon moves up to them."""
        changes = self._changes.get(account)
        if changes is None:
            changes = self._changes[account] = []
            self._sequences[account] = []
        changes.append(change)
        self._sequences[account].append(self._next)
        self._order.append((account, self._next))
        self._next += 1
        self._count += 1
        if len(changes) > MOST_CHANGES_OF_ACCOUNT:
            self._drop(account, MOST_CHANGES_OF_ACCOUNT // 4)
        while self._count > MOST_CHANGES:
            owner, sequence = self._order.popleft()
            self._drop(owner, bisect_right(self._sequences.get(owner, ()), sequence))
        if len(self._order) > 2 * MOST_CHANGES:
            self._order = deque(item for item in self._order if self._is_held(item))

    def of(self, account: int) -> list[Change]:
        """The changes of an account in order of application; not to be changed."""
        return self._changes.get(account, [])

    def replace(self, account: int, index: int, change: Change) -> None:
        """Put another in the place of a change: it was applied again on another base."""
        self._changes[account][index] = change

    def horizon_ns(self, account: int) -> int | None:
        """The latest venue time of a change that was dropped: a state at or after it can be compared, an older one cannot."""
        return self._horizon_ns.get(account)

    def agreed(self, account: int, ts_event_ns: int) -> None:
        """Drop what lies well before an agreed state."""
        cut = ts_event_ns - KEPT_BEHIND_AGREED_NS
        changes = self._changes.get(account, ())
        count = 0
        while count < len(changes) and changes[count].ts_event_ns <= cut:
            count += 1
        self._drop(account, count)

    def remove(self, account: int) -> None:
        """Forget an account. Its numbers in the order become void: a row's next owner has later ones."""
        self._count -= len(self._changes.pop(account, ()))
        self._sequences.pop(account, None)
        self._horizon_ns.pop(account, None)

    def rescale(self, instrument: int, factor: int) -> None:
        """Sizes of an instrument count in a finer unit from now on."""
        for changes in self._changes.values():
            for index, change in enumerate(changes):
                if isinstance(change, FillChange) and change.instrument == instrument:
                    changes[index] = change._replace(size=change.size * factor)

    def in_order(self, names: ChangeNames) -> tuple[tuple[str, Change], ...]:
        """All changes with their account's name, in their common order."""
        held = [account for account, sequence in self._order if self._is_held((account, sequence))]
        own = {account: iter(changes) for account, changes in self._changes.items()}
        return tuple((names.accounts[account], next(own[account])) for account in held)

    def horizons(self, names: ChangeNames) -> dict[str, int]:
        """The venue time up to which changes were dropped, by account's name."""
        return {names.accounts[account]: ns for account, ns in self._horizon_ns.items()}

    def restore(self, plain: dict[str, Any], names: ChangeNames, account_rows: dict[str, int]) -> None:
        """Take `in_order` and `horizons` as they were written."""
        for account, *fields in plain["changes"]:
            self.append(account_rows[account], _change_of(fields, names))
        self._horizon_ns = {account_rows[account]: ns for account, ns in plain["horizon_ns"].items()}

    def _is_held(self, item: tuple[int, int]) -> bool:
        sequences = self._sequences.get(item[0])
        return bool(sequences) and sequences[0] <= item[1]  # type: ignore[index]

    def _drop(self, account: int, count: int) -> None:
        if count == 0:
            return
        dropped = self._changes[account][:count]
        latest = max(change.ts_event_ns for change in dropped)
        self._horizon_ns[account] = max(latest, self._horizon_ns.get(account, latest))
        self._count -= count
        del self._changes[account][:count], self._sequences[account][:count]
        if not self._changes[account]:
            del self._changes[account], self._sequences[account]


def plain_change(change: Change, names: ChangeNames) -> list[object]:
    """A change as JSON data without its account."""
    assets, instruments = names.assets.by_number, names.instruments.by_number
    if isinstance(change, CashChange):
        wallets = [[assets[asset], wide(steps)] for asset, steps in change.wallets]
        isolated = [[instruments[instrument], side, wide(steps)] for instrument, side, steps in change.isolated]
        return ["cash", change.ts_event_ns, wallets, isolated]
    return [
        "fill",
        change.ts_event_ns,
        instruments[change.instrument],
        change.side,
        change.size,
        wide(change.price),
        None if change.printed is None else wide(change.printed),
        change.unit,
        change.mode,
        assets[change.asset],
        None if change.fee_asset < 0 else assets[change.fee_asset],
        wide(change.fee),
        wide(change.cost_change),
        wide(change.realised),
        change.restarts,
    ]


def _change_of(fields: list[Any], names: ChangeNames) -> Change:
    kind, ts_event_ns, *values = fields
    asset, instrument = names.assets.number, names.instruments.number
    if kind == "cash":
        wallets, isolated = values
        return CashChange(
            ts_event_ns,
            tuple((asset(name), int(steps)) for name, steps in wallets),
            tuple((instrument(name), side, int(steps)) for name, side, steps in isolated),
        )
    symbol, side, size, price, printed, unit, mode, settle, fee_asset, fee, cost_change, realised, restarts = values
    return FillChange(
        ts_event_ns,
        instrument(symbol),
        side,
        size,
        int(price),
        None if printed is None else int(printed),
        unit,
        mode,
        asset(settle),
        -1 if fee_asset is None else asset(fee_asset),
        int(fee),
        int(cost_change),
        int(realised),
        restarts,
    )
