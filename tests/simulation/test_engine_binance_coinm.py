"""A COIN-M account in the running engine: valued in its coin at every tick, moved by fills, restored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from monitor.domain.account import AccountMode, PositionMode, PositionSide
from monitor.domain.events import (
    AccountDeclared,
    AccountState,
    DriverDeclared,
    PositionState,
    ValuationStarted,
    WalletState,
)
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.inputs import ClockAdvanced, PriceBatch
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.level import Level
from monitor.domain.tables import Bracket, LeverageBrackets, Table, TableChanged, TableKey, TableKind, TableVersion
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, load_class_weights
from tests.support.engine_market import SECOND_NS, START_NS

VENUE = "binance_coinm"
ACCOUNT, POOL = "binance_coinm:desk", "binance_coinm:desk/cross/BTC"
PERP, QUARTER = "binance_coinm:BTCUSD_PERP", "binance_coinm:BTCUSD_261225"
DRIVERS = (
    DriverKey(DriverKind.MARK, PERP),
    DriverKey(DriverKind.MARK, QUARTER),
    DriverKey(DriverKind.ASSET_INDEX, "binance_coinm:BTC"),
)
D = Decimal


class Desk:
    """One engine with one account: 10,000 contracts of the perpetual, bought at 50,000, over 5 BTC, and what else is told."""

    def __init__(self, *others: PositionState) -> None:
        self.engine = Engine(EngineSettings())
        self.now_ns = START_NS
        self.sequence = 0
        self.engine.process(ClockAdvanced(START_NS))
        for name, kind in ((PERP, InstrumentKind.INVERSE_PERPETUAL), (QUARTER, InstrumentKind.INVERSE_FUTURE)):
            symbol = name.split(":")[1]
            self.table(symbol, TableKind.INSTRUMENT, instrument(name, kind))
            self.table(symbol, TableKind.LEVERAGE_BRACKETS, brackets())
        self.engine.process(TableChanged(key=CLASS_WEIGHTS_KEY, versions=(load_class_weights(),), ts_recv_ns=START_NS))
        for index, driver in enumerate(DRIVERS):
            self.engine.process(DriverDeclared(index=index, key=driver))
        self.engine.process(ValuationStarted())
        self.engine.process(
            AccountDeclared(**self.event(), mode=AccountMode.SINGLE_CURRENCY, position_mode=PositionMode.ONE_WAY)
        )
        self.state(position(PERP, 10_000, 50_000), *others)

    def table(self, symbol: str, kind: TableKind, table: Table) -> None:
        version = TableVersion(version="v1", effective_ns=0, table=table)
        self.engine.process(TableChanged(key=TableKey(VENUE, kind, symbol), versions=(version,), ts_recv_ns=self.now_ns))

    def event(self) -> dict[str, Any]:
        self.now_ns += 1_000_000
        self.sequence += 1
        times = {"ts_event_ns": self.now_ns, "ts_recv_ns": self.now_ns}
        told = {"account": ACCOUNT, "event_id": f"e{self.sequence}", "source": "desk", "source_epoch": 1}
        return told | times | {"account_seq": self.sequence}

    def state(self, *positions: PositionState) -> None:
        wallets = (WalletState(asset="BTC", balance=D(5)),)
        self.engine.process(AccountState(**self.event(), complete=True, positions=positions, wallets=wallets))
        self.now_ns += SECOND_NS // 10
        self.engine.process(ClockAdvanced(self.now_ns))

    def prices(self, *prices: float) -> None:
        """Mark of the perpetual, mark of the quarterly, index of BTC."""
        batch = PriceBatch((("prices", 0),))
        for driver, price in enumerate(prices):
            batch.driver.append(driver)
            batch.price.append(price)
            batch.ts_event_ns.append(self.now_ns)
            batch.ts_recv_ns.append(self.now_ns)
            batch.lane.append(0)
            batch.offset_first.append(0)
            batch.offset_last.append(0)
            batch.count.append(1)
        self.engine.process(batch)

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
