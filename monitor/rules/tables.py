"""The set of tables: which version of each is in force, and which ones are to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from monitor.domain.errors import BadInput
from monitor.domain.tables import TableChanged, TableKey, TableVersion


@dataclass(slots=True)
class _Entry:
    in_force: TableVersion | None
    pending: list[TableVersion]
    applied_ns: int


class TableSet:
    """The versions in force, found by key, and the schedule of what comes. Time is passed in, nothing happens by itself."""

    def __init__(self) -> None:
        self._entries: dict[TableKey, _Entry] = {}
        self._waiting: dict[TableKey, _Entry] = {}

    def __iter__(self) -> Iterator[TableKey]:
        """The keys with a version in force, in the order in which they first came."""
        return (key for key, entry in self._entries.items() if entry.in_force is not None)

    def find(self, key: TableKey) -> TableVersion | None:
        """The version in force, None without one."""
        entry = self._entries.get(key)
        return None if entry is None else entry.in_force

    def put(self, key: TableKey, version: TableVersion) -> bool:
        """Put a version in force now, whatever its date, and forget what was to come; whether anything changed."""
        before = self.find(key)
        self._entries[key] = _Entry(version, [], version.effective_ns)
        self._waiting.pop(key, None)
        return _differs(before, version)

    def withdraw(self, key: TableKey) -> bool:
        """Take a table away, with all that was to come; whether one was in force."""
        entry = self._entries.pop(key, None)
        self._waiting.pop(key, None)
        return entry is not None and entry.in_force is not None

    def schedule(self, changed: TableChanged) -> bool:
        """Take the whole schedule of one table in place of the former one; whether what is in force changed.

        In force at once is the latest version whose time is at or before `ts_recv_ns`; later ones wait for `due`.
        Raises `BadInput` when the versions are not in order of time.
        """
        if not changed.versions:
            return self.withdraw(changed.key)
        for earlier, later in pairwise(changed.versions):
            if later.effective_ns <= earlier.effective_ns:
                raise BadInput(
                    "versions must rise in effective_ns",
                    field="effective_ns",
                    value=later.effective_ns,
                    source=str(changed.key),
                )
        before = self.find(changed.key)
        entry = _Entry(None, list(changed.versions), changed.ts_recv_ns)
        _advance(entry, changed.ts_recv_ns)
        self._entries[changed.key] = entry
        self._waiting.pop(changed.key, None)
        if entry.pending:
            self._waiting[changed.key] = entry
        return _differs(before, entry.in_force)

    def due(self, now_ns: int) -> list[TableKey]:
        """Put in force what has come due by `now_ns`; the keys whose version changed, sorted."""
        changed = [key for key, entry in self._waiting.items() if _advance(entry, now_ns)]
        for key in [key for key, entry in self._waiting.items() if not entry.pending]:
            del self._waiting[key]
        return sorted(changed, key=str)

    @property
    def next_due_ns(self) -> int | None:
        """When the next scheduled version comes into force, None when none is waiting."""
        waiting = [entry.pending[0].effective_ns for entry in self._waiting.values()]
        return min(waiting, default=None)

    def state(self) -> tuple[TableChanged, ...]:
        """Everything as plain schedules; `schedule` of each, in this order, restores the set exactly."""
        return tuple(
            TableChanged(key=key, versions=_versions(entry), ts_recv_ns=entry.applied_ns)
            for key, entry in self._entries.items()
        )


def _advance(entry: _Entry, now_ns: int) -> bool:
    """Move an entry's version in force forward to `now_ns`; whether it changed."""
    before = entry.in_force
    while entry.pending and entry.pending[0].effective_ns <= now_ns:
        entry.in_force = entry.pending.pop(0)
        # The state must come back with this version in force although the table was received before its time.
        entry.applied_ns = max(entry.applied_ns, entry.in_force.effective_ns)
    return _differs(before, entry.in_force)


def _versions(entry: _Entry) -> tuple[TableVersion, ...]:
    return (*(() if entry.in_force is None else (entry.in_force,)), *entry.pending)


def says_the_same(before: TableVersion | None, after: TableVersion | None) -> bool:
    """Whether two versions give the same figures and the same certainty, whatever they are named and since when they hold."""
    if before is None or after is None:
        return before is after
    return before.table == after.table and before.verified == after.verified


def _differs(before: TableVersion | None, after: TableVersion | None) -> bool:
    """Whether two versions say different things: an hourly refresh of the same table is no change."""
    if before is None or after is None:
        return before is not after
    return replace(before, retrieved_ns=None, source="") != replace(after, retrieved_ns=None, source="")
