"""Every captured line of the venue is decoded, ignored or refused, as the committed table says: no line without an entry."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.golden.wire_binance import outcome_of
from tests.support.requirements import shared_folder

TABLE = Path(__file__).with_name("wire_binance_usdm.toml")


def _entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads(TABLE.read_text())["line"]
    return entries


def _covered(entries: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    covered: dict[tuple[str, int], dict[str, Any]] = {}
    for entry in entries:
        for number in range(entry["first"], entry.get("last", entry["first"]) + 1):
            key = (entry["file"], number)
            assert key not in covered, f"{key} has two entries"
            covered[key] = entry
    return covered


@pytest.mark.server("shared")
def test_every_line_has_the_outcome_that_the_table_says() -> None:
    folder = shared_folder() / "wire" / "binance_usdm"
    covered = _covered(_entries())
    seen: set[tuple[str, int]] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            key = (path.name, number)
            assert key in covered, f"{path.name}:{number} has no entry in {TABLE.name}"
            entry = covered[key]
            expected = (entry["outcome"], entry.get("kinds", []), entry.get("reason", ""))
            assert outcome_of(line) == expected, f"{path.name}:{number}"
            seen.add(key)
    assert seen == set(covered), "the table names lines that are not there"


def test_every_entry_says_why_a_line_is_no_input() -> None:
    for entry in _entries():
        assert entry["outcome"] in {"decoded", "ignored", "refused"}
        assert bool(entry.get("kinds")) == (entry["outcome"] == "decoded"), entry
        assert bool(entry.get("reason")) == (entry["outcome"] != "decoded"), entry
