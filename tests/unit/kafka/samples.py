"""One record of every kind, with every field filled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.events import (
    AccountDeclared,
    AccountEventType,
    AccountGap,
    AccountRemoved,
    AccountState,
    Fee,
    Fill,
    FillCause,
    Funding,
    Interest,
    PositionState,
    SettingsChanged,
    Transfer,
    VenueFigures,
    WalletState,
)
from monitor.domain.holdings import Order
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.market_margin import LiquidationTerms, MarketMargin, SizeMargin
from monitor.domain.position_tiers import PositionTier, PositionTiers
from monitor.domain.scenario_tables import ConcentrationTier, RiskArray, RiskClass, Scenario, ScenarioGrid
from monitor.domain.tables import (
    AssetIndexBuffers,
    BorrowTier,
    BorrowTiers,
    Bracket,
    ClassWeights,
    CollateralTier,
    CollateralTiers,
    LeverageBrackets,
    Table,
    TableChanged,
    TableKey,
    TableKind,
    TableVersion,
)

ACCOUNT = "binance:desk-1"
BTC = "binance:BTCUSDT"
NOW_NS = 1_700_000_000_000_000_000


def header(seq: int, account: str = ACCOUNT) -> dict[str, Any]:
    return {
        "account": account,
        "event_id": f"e{seq}",
        "ts_event_ns": NOW_NS,
        "ts_recv_ns": NOW_NS + 1,
        "source": "core",
        "source_epoch": 7,
        "account_seq": seq,
    }


def every_account_event(account: str = ACCOUNT) -> list[AccountEventType]:
    setting = InstrumentSetting(instrument=BTC, margin_mode=MarginMode.ISOLATED, leverage=Decimal(20))
    position = PositionState(
        instrument=BTC,
        position_side=PositionSide.LONG,
        size=Decimal("1.25"),
        entry_price=Decimal("50000.1"),
        margin_mode=MarginMode.ISOLATED,
        isolated_wallet=Decimal("-3.5"),
        leverage=Decimal(20),
        adl_rank=2,
    )
    order = Order(instrument=BTC, order_id="9", position_side=PositionSide.BOTH, size=Decimal(-1), limit_price=Decimal("51000"))
    cash: dict[str, Any] = {"asset": "USDT", "amount": Decimal("-0.12345678")}
    return [
        AccountDeclared(
            **header(1, account),
            mode=AccountMode.MULTI_CURRENCY,
            position_mode=PositionMode.HEDGE,
            entity="house",
            owner="desk",
            profile="client",
            tags={"region": "eu"},
            instruments=(setting,),
            opens_empty=True,
        ),
        AccountState(
            **header(2, account),
            complete=True,
            positions=(position,),
            wallets=(WalletState(asset="USDT", balance=Decimal("1000.00000001")),),
            orders=(order,),
        ),
        SettingsChanged(**header(3, account), mode=AccountMode.SINGLE_CURRENCY, instruments=(setting,)),
        Fill(
            **header(4, account),
            instrument=BTC,
            trade_id="t1",
            order_id="o1",
            position_side=PositionSide.SHORT,
            size=Decimal("-0.001"),
            fill_price=Decimal("49999.9"),
            fee=Decimal("0.02"),
            fee_asset="BNB",
            realised_pnl=Decimal("-1.5"),
            margin_mode=MarginMode.CROSS,
            cause=FillCause.ADL,
        ),
        Funding(**header(5, account), **cash, pool=f"{account}/isolated/BTCUSDT", instrument=BTC),
        Fee(**header(6, account), **cash),
        Interest(**header(7, account), **cash),
        Transfer(**header(8, account), asset="USDT", amount=Decimal(5), from_pool=f"{account}/cross/USDT", to_pool=None),
        VenueFigures(
            **header(9, account),
            pool=f"{account}/cross",
            figures={"totalMaintMargin": Decimal("12.5")},
            margin_ratio=Decimal("0.4"),
            mark_prices={BTC: Decimal("50000.12")},
        ),
        AccountGap(**header(10, account), reason="the stream was cut"),
        AccountRemoved(**header(11, account), reason="closed"),
    ]


def every_table() -> list[TableChanged]:
    instrument = Instrument(
        instrument=BTC,
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base="BTC",
        quote="USDT",
        settle_asset="USDT",
        size_step=Decimal("0.001"),
        price_step=Decimal("0.1"),
    )
    low = Bracket(floor=Decimal(0), cap=Decimal(50_000), maintenance_margin_rate=Decimal("0.004"), deduction=Decimal(0))
    high = Bracket(floor=Decimal(50_000), cap=None, maintenance_margin_rate=Decimal("0.005"), deduction=Decimal(50))
    buffers = AssetIndexBuffers(bid_buffer=Decimal("0.05"), ask_buffer=Decimal("0.05"))
    weights = ClassWeights(default=Decimal("2.1"), weights={"BTC": Decimal(1)})
    tables: dict[TableKey, Table] = {
        TableKey("binance", TableKind.INSTRUMENT, "BTCUSDT"): instrument,
        TableKey("binance", TableKind.LEVERAGE_BRACKETS, "BTCUSDT"): LeverageBrackets(brackets=(low, high)),
        TableKey("binance", TableKind.ASSET_INDEX, "BTC"): buffers,
        TableKey("marginwatch", TableKind.CLASS_WEIGHTS, "all"): weights,
        TableKey("bybit", TableKind.COLLATERAL_TIERS, "BTC"): CollateralTiers(
            tiers=(
                CollateralTier(floor=Decimal(0), cap=Decimal(10), ratio=Decimal("0.98")),
                CollateralTier(floor=Decimal(10), cap=None, ratio=Decimal("0.95")),
            )
        ),
        TableKey("bybit", TableKind.BORROW_TIERS, "USDT"): BorrowTiers(
            tiers=(
                BorrowTier(
                    floor=Decimal(0),
                    cap=None,
                    maintenance_margin_rate=Decimal("0.04"),
                    initial_margin_rate=Decimal("0.1"),
                ),
            )
        ),
        TableKey("okx", TableKind.POSITION_TIERS, "BTC-USDT-SWAP"): PositionTiers(
            tiers=(
                PositionTier(floor=Decimal(0), cap=Decimal(500), maintenance_margin_rate=Decimal("0.004")),
                PositionTier(
                    floor=Decimal(500), cap=None, maintenance_margin_rate=Decimal("0.005"), initial_leverage=Decimal(75)
                ),
            )
        ),
        TableKey("dydx_v4", TableKind.MARKET_MARGIN, "BTC-USD"): MarketMargin(
            initial_margin_fraction=Decimal("0.02"),
            maintenance_fraction=Decimal("0.6"),
            base_quantum=Decimal("1e-10"),
            open_interest=Decimal(30_000_000),
            lower_cap=Decimal(25_000_000),
            upper_cap=Decimal(50_000_000),
        ),
        TableKey("deribit", TableKind.SIZE_MARGIN, "BTC_USDC-PERPETUAL"): SizeMargin(
            initial_base=Decimal("0.02"), maintenance_base=Decimal("0.01"), increase_per_coin=Decimal("0.00005")
        ),
        TableKey("dydx_v4", TableKind.LIQUIDATION_TERMS, "all"): LiquidationTerms(
            bankruptcy_adjustment=Decimal(1),
            spread_to_maintenance_ratio=Decimal("1.5"),
            max_liquidation_fee=Decimal("0.015"),
        ),
        TableKey("house", TableKind.SCENARIO_GRID, "ladder"): ScenarioGrid(
            scenarios=(Scenario(name="up", move=Decimal(1)), Scenario(name="down", move=Decimal(-2), share=Decimal("0.35"))),
            initial_factor=Decimal("1.2"),
        ),
        TableKey("house", TableKind.RISK_CLASS, "BTC"): RiskClass(
            grid="ladder",
            scan_rate=Decimal("0.15"),
            group="majors",
            offset=Decimal("0.3"),
            liquidity_rate=Decimal("0.001"),
            concentration=(ConcentrationTier(floor=Decimal(1_000_000), rate=Decimal("0.01")),),
        ),
        TableKey("house", TableKind.RISK_ARRAY, "BTC-CALL"): RiskArray(grid="ladder", gains=(Decimal(460), Decimal(-610))),
    }
    return [
        TableChanged(
            key=key,
            versions=(
                TableVersion(version="2026-01", effective_ns=1, table=table, source="document", retrieved_ns=2, verified=False),
            ),
            ts_recv_ns=NOW_NS,
        )
        for key, table in tables.items()
    ]
