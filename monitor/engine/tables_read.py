"""Which tables a pool was compiled from, and which versions of them are in force."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.domain.tables import TableKey, TableKind, TableVersion
from monitor.rules.rulebook import Tables

# An instrument's terms have no version that a person would look for in a page; the weights are our own policy.
_WITHOUT_A_NAMED_VERSION = frozenset({TableKind.INSTRUMENT, TableKind.CLASS_WEIGHTS})


class TablesRead:
    """The tables, and what was read of them since this was made. `known` keeps one object a key for all pools."""

    def __init__(self, tables: Tables, known: dict[TableKey, TableKey]) -> None:
        self._tables = tables
        self._known = known
        self._read: dict[TableKey, None] = {}

    def find(self, key: TableKey) -> TableVersion | None:
        """The version in force, None without one; either way it was read."""
        self._read[self._known.setdefault(key, key)] = None
        return self._tables.find(key)

    @property
    def keys(self) -> tuple[TableKey, ...]:
        """What was read, in order of first reading."""
        return tuple(self._read)


def versions_in_force(keys: Iterable[TableKey], tables: Tables) -> str:
    """The versions of these tables as they are named now, each once, sorted; a withdrawn table has none."""
    found = (tables.find(key) for key in keys if key.kind not in _WITHOUT_A_NAMED_VERSION)
    return "+".join(sorted({version.version for version in found if version is not None}))
