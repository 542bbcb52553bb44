"""The shipped weights, and whose weight a driver carries."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.tables import ClassWeights, TableKind
from monitor.rules.class_weights import (
    CLASS_WEIGHTS_KEY,
    class_weights_from_toml,
    load_class_weights,
    weight_of_driver,
)
from monitor.rules.tables import TableSet
from tests.support.binance_books import VENUE, instrument, key, version


def test_the_shipped_policy() -> None:
    table = load_class_weights().table
    assert isinstance(table, ClassWeights)
    weights = [table.of(asset) for asset in ("BTC", "ETH", "SOL", "PEPE", "USDT")]
    assert weights == [Decimal("1.0"), Decimal("1.0"), Decimal("1.5"), Decimal("2.1"), Decimal(0)]


def test_a_driver_carries_the_weight_of_its_underlying() -> None:
    tables = TableSet()
    tables.put(CLASS_WEIGHTS_KEY, load_class_weights())
    mark = DriverKey(DriverKind.MARK, f"{VENUE}:DOGEUSDT")
    assert weight_of_driver(mark, tables) is None
    tables.put(key(TableKind.INSTRUMENT, "DOGEUSDT"), version(instrument("DOGEUSDT")))
    assert weight_of_driver(mark, tables) == Decimal("1.5")
    assert weight_of_driver(DriverKey(DriverKind.ASSET_BID, f"{VENUE}:USDC"), tables) == 0


@pytest.mark.parametrize(
    "text", ["", "version = 1", 'version="1"\ndefault="x"\n[weights]', 'version="1"\ndefault="-1"\n[weights]']
)
def test_a_broken_table_is_refused_with_its_source(text: str) -> None:
    with pytest.raises(BadInput, match=r"weights\.toml"):
        class_weights_from_toml(text, "weights.toml")
