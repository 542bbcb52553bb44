"""Which version of a table is in force, and when the next one comes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from monitor.domain.errors import BadInput
from monitor.domain.tables import AssetIndexBuffers, TableChanged, TableKey, TableKind, TableVersion
from monitor.rules.tables import TableSet

KEY = TableKey("binance_usdm", TableKind.ASSET_INDEX, "BTC")


def version(name: str, effective_ns: int) -> TableVersion:
    buffers = AssetIndexBuffers(bid_buffer=Decimal("0.05"), ask_buffer=Decimal("0.05"))
    return TableVersion(version=name, effective_ns=effective_ns, table=buffers)


def changed(*versions: TableVersion, ts_recv_ns: int = 100) -> TableChanged:
    return TableChanged(key=KEY, versions=versions, ts_recv_ns=ts_recv_ns)


def in_force(tables: TableSet) -> str | None:
    found = tables.find(KEY)
    return None if found is None else found.version


def test_the_latest_version_of_the_past_is_in_force_and_later_ones_wait() -> None:
    tables = TableSet()
    assert tables.schedule(changed(version("old", 1), version("now", 100), version("next", 200), version("last", 300)))
    assert (in_force(tables), tables.next_due_ns) == ("now", 200)
    assert tables.due(199) == []
    assert tables.due(200) == [KEY]
    assert (in_force(tables), tables.next_due_ns) == ("next", 300)


def test_several_that_come_due_at_once_are_one_change_to_the_last() -> None:
    tables = TableSet()
    tables.schedule(changed(version("now", 1), version("a", 200), version("b", 201)))
    assert tables.due(500) == [KEY]
    assert (in_force(tables), tables.next_due_ns) == ("b", None)


def test_a_refresh_of_the_same_table_is_no_change() -> None:
    tables = TableSet()
    tables.schedule(changed(version("now", 1)))
    assert not tables.schedule(changed(replace(version("now", 1), retrieved_ns=7, source="read again")))
    assert tables.schedule(changed(replace(version("now", 1), verified=False)))


def test_a_table_still_to_come_is_not_in_force() -> None:
    tables = TableSet()
    assert not tables.schedule(changed(version("next", 200)))
    assert in_force(tables) is None
    assert list(tables) == []


def test_an_empty_schedule_withdraws() -> None:
    tables = TableSet()
    tables.schedule(changed(version("now", 1), version("next", 200)))
    assert tables.schedule(changed())
    assert (in_force(tables), tables.next_due_ns, tables.due(300)) == (None, None, [])
    assert not tables.schedule(changed())


def test_versions_out_of_order_are_refused_and_change_nothing() -> None:
    tables = TableSet()
    tables.schedule(changed(version("now", 1)))
    with pytest.raises(BadInput, match="effective_ns"):
        tables.schedule(changed(version("b", 300), version("a", 200)))
    assert in_force(tables) == "now"


def test_the_state_restores_what_is_in_force_and_what_is_to_come() -> None:
    tables = TableSet()
    tables.schedule(changed(version("now", 1), version("next", 200), version("last", 300)))
    tables.due(250)
    restored = TableSet()
    for entry in tables.state():
        restored.schedule(entry)
    assert (in_force(restored), restored.next_due_ns) == ("next", 300)
    assert restored.state() == tables.state()
