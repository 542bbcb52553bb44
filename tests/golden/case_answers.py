"""What golden tests of several venues ask of a case: its inputs from the shared folder, its pool as `assess` tells it."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from monitor.assess.run import BAD_INPUT
from tests.golden.test_binance_usdm_cases import answer_of
from tests.support.requirements import shared_folder


@cache
def published() -> dict[str, dict[str, Any]]:
    """Every case of the shared folder by its id."""
    lines = [line for path in sorted((shared_folder() / "cases").glob("*.jsonl")) for line in path.read_text().splitlines()]
    return {case["id"]: case for case in map(json.loads, lines)}


def first_pool(file: dict[str, Any], folder: Path) -> dict[str, Any]:
    code, answer = answer_of(file, folder)
    assert code != BAD_INPUT, answer
    pool: dict[str, Any] = answer["accounts"][0]["pools"][0]
    return pool


def part(pool: dict[str, Any], figure: str, name: str) -> Decimal:
    (found,) = [part["amount"] for part in pool["parts"] if (part["figure"], part["name"]) == (figure, name)]
    return Decimal(found)
