"""A Bybit account in the running engine: its pool is valued, warned about, and UNKNOWN by name while something is missing."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from monitor.domain.account import AccountMode, InstrumentSetting, PositionSide
from monitor.domain.certainty import Certainty
from monitor.domain.events import (
    AccountState,
    PositionState,
    SettingsChanged,
    WalletState,
)
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.level import Level
from monitor.domain.tables import (
    BorrowTier,
    BorrowTiers,
    CollateralTier,
    CollateralTiers,
    TableKind,
)
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from tests.support.engine_market import brackets
from tests.support.one_account import TABLES, OneAccount

ACCOUNT, BTC = "bybit:desk", "bybit:BTCUSDT"
POOL = "bybit:desk/cross"
DRIVERS = (
    DriverKey(DriverKind.MARK, BTC),
    DriverKey(DriverKind.ASSET_INDEX, "bybit:USDT"),
    DriverKey(DriverKind.ASSET_INDEX, "bybit:BTC"),
)
D = Decimal


class Desk(OneAccount):
    """An account whose prices are the mark of BTCUSDT, the index of USDT, the index of BTC."""

    def __init__(self) -> None:
        tables: TABLES = {
            (TableKind.INSTRUMENT, "BTCUSDT"): instrument(),
            (TableKind.LEVERAGE_BRACKETS, "BTCUSDT"): brackets(1),
        }
        for coin, ratio in (("BTC", "0.9"), ("USDT", "1")):
            tier = CollateralTier(floor=D(0), cap=None, ratio=D(ratio))
            tables[TableKind.COLLATERAL_TIERS, coin] = CollateralTiers(tiers=(tier,))
        super().__init__(ACCOUNT, DRIVERS, tables)

    def borrow_table(self) -> None:
        tier = BorrowTier(floor=D(0), cap=None, maintenance_margin_rate=D("0.04"), initial_margin_rate=D("0.1"))
        self.table("USDT", TableKind.BORROW_TIERS, BorrowTiers(tiers=(tier,)))
        self.tick()

    def open(self) -> None:
        """Long 10 BTC at 40,000, with 1 BTC and 20,000 USDT."""
        self.declare(AccountMode.MULTI_CURRENCY)
        position = PositionState(
            instrument=BTC, position_side=PositionSide.BOTH, size=D(10), entry_price=D(40000), leverage=D(10)
        )
        wallets = (WalletState(asset="BTC", balance=D(1)), WalletState(asset="USDT", balance=D(20000)))
        self.state(wallets, (position,))

    def tell_fee_rate(self) -> None:
        setting = InstrumentSetting(instrument=BTC, taker_fee_rate=D("0.0006"))
        self.engine.process(SettingsChanged(**self.event(), instruments=(setting,)))
        self.tick()


def instrument() -> Instrument:
    return Instrument(
        instrument=BTC,
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base="BTC",
        quote="USDT",
        settle_asset="USDT",
        size_step=D("0.001"),
        price_step=D("0.1"),
    )


def test_a_bybit_account_is_unknown_by_name_until_all_is_told_and_then_warned_about() -> None:
    desk = Desk()
    desk.open()
    desk.prices(40_000.0, 1.0, 40_000.0)
    desk.tick()
    unknown = desk.engine.pool_status(POOL)
    assert unknown is not None
    assert (unknown.level, unknown.certainty) == (None, Certainty.UNKNOWN)
    assert "taker fee rate of bybit:BTCUSDT not known" in unknown.certainty_reasons
    desk.tell_fee_rate()
    lacking = desk.engine.pool_status(POOL)
    assert lacking is not None
    # The running book asks for the tiers before anything is borrowed: a tick may bring that about.
    assert "table bybit/borrow_tiers/USDT not loaded" in lacking.certainty_reasons
    desk.borrow_table()
    known = desk.engine.pool_status(POOL)
    assert known is not None
    # 20,000 + 0.9 × 40,000; 400,000 × 2.5 % - 4,050 + 400,000 × 0.9 × 0.06 %.
    assert (known.collateral_value, known.maintenance_margin) == (56_000, pytest.approx(6_166))
    assert (known.level, known.certainty) == (Level.NOTICE, Certainty.UNVERIFIED)
    desk.prices(36_000.0, 1.0, 36_000.0)
    fallen = desk.engine.pool_status(POOL)
    assert fallen is not None
    # 20,000 - 40,000 + 0.9 × 36,000; 360,000 × 2.5 % - 4,050 + 194.4, and 4 % of 20,000 borrowed.
    assert (fallen.collateral_value, fallen.maintenance_margin) == (pytest.approx(12_400), pytest.approx(5_944.4))
    assert fallen.level is Level.CRITICAL
    desk.prices(35_000.0, 1.0, 35_000.0)
    gone = desk.engine.pool_status(POOL)
    assert gone is not None
    assert gone.level is Level.LIQUIDATION


def test_what_spot_orders_freeze_and_a_coin_switched_off_tell_at_once() -> None:
    desk = Desk()
    desk.open()
    desk.tell_fee_rate()
    desk.borrow_table()
    desk.prices(40_000.0, 1.0, 40_000.0)
    desk.engine.process(AccountState(**desk.event(), complete=False, frozen={"USDT": D(30_000)}, not_collateral=("BTC",)))
    desk.tick()
    status = desk.engine.pool_status(POOL)
    assert status is not None
    # Without 0.9 × 40,000 of BTC; 4 % of the 10,000 that the equity of 20,000 does not cover.
    assert (status.collateral_value, status.maintenance_margin) == (20_000, pytest.approx(6_566))
    assert status.level is Level.CRITICAL


def test_a_restored_engine_values_the_same_pool() -> None:
    desk = Desk()
    desk.open()
    desk.tell_fee_rate()
    desk.borrow_table()
    desk.prices(36_000.0, 1.0, 36_000.0)
    before = desk.engine.pool_status(POOL)
    restored = Engine.restore(EngineSettings(), orjson.loads(orjson.dumps(desk.engine.state())))
    after = restored.pool_status(POOL)
    assert before is not None
    assert after is not None
    assert (after.level, after.maintenance_margin) == (before.level, before.maintenance_margin)
    assert before.level is Level.CRITICAL
