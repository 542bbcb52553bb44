"""Which pools an account forms, and what each of them does not know."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.tables import TableKind
from monitor.rules.registry import rulebook_of
from monitor.rules.rulebook import Missing
from monitor.rules.tables import TableSet
from tests.support.binance_books import SYMBOLS, VENUE, instrument, key, version

ACCOUNT = f"{VENUE}:desk"


def position(symbol: str, side: PositionSide, mode: MarginMode, wallet: str | None = None) -> Position:
    size = Decimal(-1 if side is PositionSide.SHORT else 1)
    isolated = None if wallet is None else Decimal(wallet)
    return Position(
        instrument=f"{VENUE}:{symbol}", position_side=side, margin_mode=mode, size=size, cost=size, isolated_wallet=isolated
    )


def pools(*positions: Position, mode: AccountMode = AccountMode.SINGLE_CURRENCY, known: bool = True) -> dict[str, PoolHoldings]:
    tables = TableSet()
    for symbol in SYMBOLS if known else ():
        tables.put(key(TableKind.INSTRUMENT, symbol), version(instrument(symbol)))
    account = AccountHoldings(
        account=ACCOUNT,
        mode=mode,
        position_mode=PositionMode.HEDGE,
        wallets={"USDT": Decimal(100)},
        positions=positions,
    )
    found = rulebook_of(VENUE).pools(account, tables)
    assert [pool.pool for pool in found] == sorted(pool.pool for pool in found)
    return {pool.pool.removeprefix(ACCOUNT): pool for pool in found}


def test_single_asset_mode_has_one_cross_pool_per_margin_asset() -> None:
    found = pools(
        position("ETHUSDC", PositionSide.BOTH, MarginMode.CROSS), position("BTCUSDT", PositionSide.BOTH, MarginMode.CROSS)
    )
    assert {name: pool.wallets for name, pool in found.items()} == {
        "/cross/USDC": {"USDC": Decimal(0)},
        "/cross/USDT": {"USDT": Decimal(100)},
    }


def test_multi_assets_mode_has_one_cross_pool() -> None:
    found = pools(position("ETHUSDC", PositionSide.BOTH, MarginMode.CROSS), mode=AccountMode.MULTI_CURRENCY)
    assert {name: set(pool.wallets) for name, pool in found.items()} == {"/cross": {"USDC", "USDT"}}


def test_isolated_legs_of_a_hedge_are_two_pools_and_leave_the_cross_wallet() -> None:
    found = pools(
        position("BTCUSDT", PositionSide.LONG, MarginMode.ISOLATED, "30"),
        position("BTCUSDT", PositionSide.SHORT, MarginMode.ISOLATED, "20"),
    )
    assert {name: pool.wallets for name, pool in found.items()} == {
        "/cross/USDT": {"USDT": Decimal(50)},
        "/isolated/BTCUSDT/long": {"USDT": Decimal(30)},
        "/isolated/BTCUSDT/short": {"USDT": Decimal(20)},
    }


def test_an_isolated_wallet_not_seen_makes_both_pools_unknown() -> None:
    found = pools(position("BTCUSDT", PositionSide.LONG, MarginMode.ISOLATED))
    assert all(pool.unknown == (f"isolated wallet of {VENUE}:BTCUSDT long not seen",) for pool in found.values())
    assert len(found) == 2


def test_a_position_whose_settle_asset_is_not_known_makes_every_cross_pool_unknown() -> None:
    found = pools(position("BTCUSDT", PositionSide.BOTH, MarginMode.CROSS), known=False)
    assert set(found) == {"/cross", "/cross/USDT"}
    assert all("instrument/BTCUSDT not loaded" in pool.unknown[0] for pool in found.values())


def test_nothing_is_valued_without_its_tables() -> None:
    rulebook = rulebook_of(VENUE)
    pool = pools(position("BTCUSDT", PositionSide.BOTH, MarginMode.CROSS))["/cross/USDT"]
    compiled = rulebook.compile(pool, TableSet())
    figures = rulebook.figures(pool, TableSet(), lambda _: None)
    assert isinstance(compiled, Missing)
    assert isinstance(figures, Missing)
    assert any("leverage_brackets/BTCUSDT" in reason for reason in compiled.reasons)


def test_a_venue_without_rules_is_refused() -> None:
    with pytest.raises(BadInput, match="nowhere"):
        rulebook_of("nowhere")
