"""A COIN-M account in the running engine: valued in its coin at every tick, moved by fills, restored."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from monitor.domain.account import AccountMode, PositionSide
from monitor.domain.events import (
    PositionState,
    WalletState,
)
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.level import Level
from monitor.domain.tables import Bracket, LeverageBrackets, TableKind
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from tests.support.one_account import TABLES, OneAccount

VENUE = "binance_coinm"
ACCOUNT, POOL = "binance_coinm:desk", "binance_coinm:desk/cross/BTC"
PERP, QUARTER = "binance_coinm:BTCUSD_PERP", "binance_coinm:BTCUSD_261225"
DRIVERS = (
    DriverKey(DriverKind.MARK, PERP),
    DriverKey(DriverKind.MARK, QUARTER),
    DriverKey(DriverKind.ASSET_INDEX, "binance_coinm:BTC"),
)
D = Decimal


class Desk(OneAccount):
    """10,000 contracts of the perpetual, bought at 50,000, over 5 BTC, and what else is told.

    Prices are the mark of the perpetual, the mark of the quarterly, the index of BTC.
    """

    def __init__(self, *others: PositionState) -> None:
        tables: TABLES = {}
        for name, kind in ((PERP, InstrumentKind.INVERSE_PERPETUAL), (QUARTER, InstrumentKind.INVERSE_FUTURE)):
            symbol = name.split(":")[1]
            tables[TableKind.INSTRUMENT, symbol] = instrument(name, kind)
            tables[TableKind.LEVERAGE_BRACKETS, symbol] = brackets()
        super().__init__(ACCOUNT, DRIVERS, tables)
        self.declare(AccountMode.SINGLE_CURRENCY)
        self.hold(position(PERP, 10_000, 50_000), *others)

    def hold(self, *positions: PositionState) -> None:
        self.state((WalletState(asset="BTC", balance=D(5)),), positions)

    def figures(self) -> tuple[float | None, float | None, Level | None]:
        status = self.engine.pool_status(POOL)
        assert status is not None
        return status.collateral_value, status.maintenance_margin, status.level


def instrument(name: str, kind: InstrumentKind) -> Instrument:
    return Instrument(
        instrument=name,
        kind=kind,
        base="BTC",
        quote="USD",
        settle_asset="BTC",
        contract_size=D(100),
        size_step=D(1),
        price_step=D("0.1"),
    )


def brackets() -> LeverageBrackets:
    """0.5 % up to 20 BTC, 2.5 % above."""
    return LeverageBrackets(
        brackets=(
            Bracket(floor=D(0), cap=D(20), maintenance_margin_rate=D("0.005"), deduction=D(0)),
            Bracket(floor=D(20), cap=None, maintenance_margin_rate=D("0.025"), deduction=D("0.4")),
        )
    )


def position(name: str, contracts: int, entry: int) -> PositionState:
    return PositionState(
        instrument=name, position_side=PositionSide.BOTH, size=D(contracts), entry_price=D(entry), leverage=D(10)
    )


def test_a_long_falls_faster_than_its_price_and_the_bracket_moves_with_the_coin() -> None:
    desk = Desk()
    desk.prices(50_000.0, 50_500.0, 50_000.0)
    # 1,000,000 USD are 20 BTC at 50,000: the second bracket begins, 20 × 2.5 % - 0.4.
    assert desk.figures() == (pytest.approx(5), pytest.approx(0.1), Level.OK)
    desk.prices(41_000.0, 41_400.0, 41_000.0)
    # 20 - 24.390244 lost; 24.390244 × 2.5 % - 0.4.
    assert desk.figures() == (pytest.approx(0.609756, abs=1e-6), pytest.approx(0.209756, abs=1e-6), Level.CRITICAL)
    desk.prices(40_200.0, 40_600.0, 40_200.0)
    assert desk.figures()[2] is Level.LIQUIDATION


def test_a_short_of_the_quarterly_shares_the_pool_and_offsets_the_perpetual() -> None:
    desk = Desk(position(QUARTER, -10_000, 50_000))
    desk.prices(41_000.0, 41_000.0, 41_000.0)
    # The two profits cancel; each side needs 24.390244 × 2.5 % - 0.4, and only half of one counts as exposure.
    assert desk.figures()[:2] == (pytest.approx(5), pytest.approx(0.419512, abs=1e-6))
    status = desk.engine.pool_status(POOL)
    assert status is not None
    assert status.stress_notional == pytest.approx(24.390244 / 2, abs=1e-6)


def test_a_restored_engine_values_the_same_pool() -> None:
    desk = Desk()
    desk.prices(41_000.0, 41_400.0, 41_000.0)
    restored = Engine.restore(EngineSettings(), orjson.loads(orjson.dumps(desk.engine.state())))
    before, after = desk.engine.pool_status(POOL), restored.pool_status(POOL)
    assert before is not None
    assert after is not None
    assert (after.level, after.maintenance_margin) == (before.level, before.maintenance_margin)
    assert before.level is Level.CRITICAL
