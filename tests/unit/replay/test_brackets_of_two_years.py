"""Both published tables of the venue load whole: nothing is dropped in silence, nothing is loaded as what it is not."""

from __future__ import annotations

from functools import cache

import pytest

from monitor.domain.errors import BadInput
from monitor.replay.brackets_file import AllBrackets, BracketsFile
from tests.support.requirements import shared_folder

OLD, NEW = "2024-10", "2026-09"
SYMBOLS = {OLD: 349, NEW: 907}
VANISHED = {
    "AERGOUSDT",
    "BTCUSDT_241227",
    "BTCUSDT_250328",
    "BTCSTUSDT",
    "EOSUSDT",
    "ETHUSDT_241227",
    "ETHUSDT_250328",
    "SXPUSDT",
}


@cache
def table(month: str) -> AllBrackets:
    folder = shared_folder() / "data" / "risk_params" / "binance_um"
    return BracketsFile(folder / f"binance_leverage_tiers_{month}.json.zst").all()


@pytest.mark.parametrize("month", [OLD, NEW])
def test_every_symbol_is_loaded_or_refused_by_name(month: str) -> None:
    found = table(month)
    assert len(found.loaded) + len(found.refused) == SYMBOLS[month]
    assert found.refused == {"ETH/BTC:BTC": "margined in BTC, not in a dollar coin"}


def test_the_years_differ_as_the_venue_changed_them() -> None:
    old, new = table(OLD).loaded, table(NEW).loaded
    assert set(old) - set(new) == VANISHED
    common = set(old) & set(new)
    differing = {symbol for symbol in common if old[symbol] != new[symbol]}
    assert (len(common), len(differing)) == (340, DIFFERING)
    assert "BTCUSDT" in differing


DIFFERING = 298


def test_a_symbol_of_no_known_form_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("brackets") / "odd.json"
    path.write_text('{"BTCUSDT": []}', encoding="utf-8")
    with pytest.raises(BadInput, match="BTCUSDT"):
        BracketsFile(path).all()
