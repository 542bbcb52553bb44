"""The version of a table that a file tells: in force at once, from the file where it names no source of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from monitor.assess.table_entries import TableEntry
from monitor.domain.errors import BadInput
from monitor.domain.tables import Table, TableKind, TableVersion

Put = Callable[[TableKind, str, TableVersion, str], None]
"""Takes a table's kind, subject, version and place in the file."""

_Told = TypeVar("_Told", bound=TableEntry)


def version_of(entry: _Told, make: Callable[[_Told], Table], field: str, source: str) -> TableVersion:
    """The version with the table that `make` makes; raises `BadInput` at `field` where that is not well formed."""
    try:
        table = make(entry)
    except ValueError as error:
        raise BadInput(str(error), field=field, source=source) from error
    return TableVersion(
        version=entry.version, effective_ns=0, table=table, source=entry.source or source, verified=entry.verified
    )
