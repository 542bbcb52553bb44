"""Inputs of every kind, and a recording made of them."""

from __future__ import annotations

from array import array
from decimal import Decimal
from pathlib import Path
from random import Random

from connectors.recording.block import Record
from connectors.recording.header import RecordingHeader
from connectors.recording.writer import RecordingWriter
from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.events import (
    AccountDeclared,
    AccountGap,
    AccountRemoved,
    AccountState,
    ClockOffset,
    DriverDeclared,
    Fee,
    Fill,
    FillCause,
    Funding,
    Heartbeat,
    Interest,
    PositionState,
    SettingsChanged,
    Transfer,
    ValuationStarted,
    VenueFigures,
    VenueStatus,
    WalletState,
)
from monitor.domain.holdings import Order
from monitor.domain.ids import DriverKey, DriverKind, SourcePosition
from monitor.domain.inputs import ClockAdvanced, DomainEvent, Input, PriceBatch
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import (
    AssetIndexBuffers,
    Bracket,
    ClassWeights,
    LeverageBrackets,
    TableChanged,
    TableKey,
    TableKind,
    TableVersion,
)

SECOND_NS = 1_000_000_000
START_NS = 1_621_382_400 * SECOND_NS
ACCOUNT = "binance_usdm:carol"
BTC = "binance_usdm:BTCUSDT"
POSITION = SourcePosition("marginwatch.account-events", 3, 17)


def header(**changes: object) -> RecordingHeader:
    plain: dict[str, object] = {"build": "test", "run_id": "run", "engine_settings": {"default_profile": "desk"}}
    return RecordingHeader(**(plain | changes))  # type: ignore[arg-type]


def batch(rows: int, seed: int = 1, drivers: int = 3) -> PriceBatch:
    """Random but plausible rows: printed prices, times that follow each other, offsets dense per lane."""
    random = Random(seed)
    lanes = (("marginwatch.prices", 0), ("marginwatch.prices", 1), ("binance_usdm.market", 0))
    prices = [40_000.0, 2_500.0, 0.4321]
    offsets = [10, 1_000_000, 5]
    columns = PriceBatch(lanes)
    for row in range(rows):
        driver, lane = random.randrange(drivers), random.randrange(3)
        prices[driver % 3] = round(prices[driver % 3] * (1 + random.gauss(0, 1e-4)), (2, 2, 5)[driver % 3])
        stamp = START_NS + row * 50_000_000
        columns.driver.append(driver)
        columns.price.append(prices[driver % 3])
        columns.ts_event_ns.append(stamp - stamp % 1_000_000)
        columns.ts_recv_ns.append(stamp + random.randrange(40_000_000))
        columns.lane.append(lane)
        columns.offset_first.append(offsets[lane])
        columns.offset_last.append(offsets[lane])
        columns.count.append(1)
        offsets[lane] += 1
    return columns


def odd_batch() -> PriceBatch:
    """Floats that no printed decimal stands behind, the largest integers, and a coalesced burst."""
    price = array("d", [0.1 + 0.2, 5e-324, 1.7976931348623157e308, 1 / 3, 2.0**60 + 256, 1e-13, -0.0, 0.0])
    rows = len(price)
    largest = 2**63 - 1
    return PriceBatch(
        (("a", 0), ("b", 2**31 - 1)),
        array("i", [0, 1, 2, 3, 4, 5, 2**31 - 1, 0]),
        price,
        array("q", [0, largest, -largest - 1, 5, 5, 5, 5, 5]),
        array("q", [largest, 0, 1, -1, 7, 7, 7, 7]),
        array("i", [0, 1, 0, 1, 0, 1, 0, 1]),
        array("q", [0, largest, 1, 2, 3, 4, 5, 6]),
        array("q", [9, largest, 9, 9, 9, 9, 9, 9]),
        array("i", [9] + [0] * (rows - 1)),
    )


def account_events() -> list[DomainEvent]:
    """One of each kind of account event, each field that may be empty filled at least once."""
    base = {
        "account": ACCOUNT,
        "ts_event_ns": START_NS,
        "ts_recv_ns": START_NS + 1,
        "source": "desk",
        "source_epoch": 4,
        "account_seq": 1,
    }
    named = base | {"event_id": "e1"}
    setting = InstrumentSetting(instrument=BTC, margin_mode=MarginMode.ISOLATED, leverage=Decimal(20))
    position = PositionState(
        instrument=BTC,
        position_side=PositionSide.LONG,
        size=Decimal("0.123"),
        entry_price=Decimal("40123.45"),
        margin_mode=MarginMode.ISOLATED,
        isolated_wallet=Decimal("12.5"),
        adl_rank=3,
    )
    order = Order(instrument=BTC, order_id="7", position_side=PositionSide.BOTH, size=Decimal(-1), limit_price=Decimal(5))
    return [
        AccountDeclared(
            **base,  # type: ignore[arg-type]
            mode=AccountMode.SINGLE_CURRENCY,
            position_mode=PositionMode.HEDGE,
            entity="fund",
            tags={"desk": "a"},
            instruments=(setting,),
        ),
        AccountState(
            **base,  # type: ignore[arg-type]
            complete=True,
            positions=(position,),
            wallets=(WalletState(asset="USDT", balance=Decimal("-1.000000000001")),),
            orders=(order,),
        ),
        SettingsChanged(**base, profile="client", instruments=(setting,)),  # type: ignore[arg-type]
        Fill(
            **base,  # type: ignore[arg-type]
            instrument=BTC,
            trade_id="t",
            order_id="o",
            size=Decimal("-0.5"),
            fill_price=Decimal("40000.1"),
            fee=Decimal("0.1"),
            fee_asset="BNB",
            realised_pnl=Decimal("-3"),
            cause=FillCause.LIQUIDATION,
        ),
        Funding(**named, asset="USDT", amount=Decimal("-0.01"), instrument=BTC),  # type: ignore[arg-type]
        Fee(**named, asset="USDT", amount=Decimal(1)),  # type: ignore[arg-type]
        Interest(**named, asset="BTC", amount=Decimal("0.00000001")),  # type: ignore[arg-type]
        Transfer(**named, asset="USDT", amount=Decimal(9), to_pool=f"{ACCOUNT}/cross/USDT"),  # type: ignore[arg-type]
        VenueFigures(
            **named,  # type: ignore[arg-type]
            pool=f"{ACCOUNT}/cross/USDT",
            figures={"totalMaintMargin": Decimal("1.5")},
            margin_ratio=Decimal("0.25"),
            mark_prices={BTC: Decimal("40000.5")},
        ),
        AccountGap(**base, reason="socket cut"),  # type: ignore[arg-type]
        AccountRemoved(**base, reason="closed"),  # type: ignore[arg-type]
    ]


def tables() -> list[DomainEvent]:
    """One table of each kind."""
    brackets = (
        Bracket(floor=Decimal(0), cap=Decimal(50_000), maintenance_margin_rate=Decimal("0.004"), deduction=Decimal(0)),
        Bracket(floor=Decimal(50_000), cap=None, maintenance_margin_rate=Decimal("0.005"), deduction=Decimal(50)),
    )
    instrument = Instrument(
        instrument=BTC,
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base="BTC",
        quote="USDT",
        settle_asset="USDT",
        size_step=Decimal("0.001"),
        price_step=Decimal("0.1"),
    )
    held = {
        TableKey("binance_usdm", TableKind.INSTRUMENT, "BTCUSDT"): instrument,
        TableKey("binance_usdm", TableKind.LEVERAGE_BRACKETS, "BTCUSDT"): LeverageBrackets(brackets=brackets),
        TableKey("binance_usdm", TableKind.ASSET_INDEX, "BTC"): AssetIndexBuffers(
            bid_buffer=Decimal("0.05"), ask_buffer=Decimal("0.05")
        ),
        TableKey("marginwatch", TableKind.CLASS_WEIGHTS, "all"): ClassWeights(
            default=Decimal("2.1"), weights={"BTC": Decimal(1)}
        ),
    }
    return [
        TableChanged(
            key=key,
            versions=(TableVersion(version="v1", effective_ns=START_NS, table=table, source="document", verified=False),),
            ts_recv_ns=START_NS,
        )
        for key, table in held.items()
    ]


def inputs() -> list[tuple[Input, SourcePosition | None]]:
    """Every kind of input."""
    mark = DriverKey(DriverKind.MARK, BTC)
    others: list[DomainEvent] = [
        DriverDeclared(index=0, key=mark),
        ClockOffset(venue="binance_usdm", offset_ns=-5),
        VenueStatus(venue="binance_usdm", status="halted", ts_event_ns=1, ts_recv_ns=2),
        Heartbeat(source="desk", source_epoch=4, partition=3, count=2, ts_event_ns=START_NS, ts_recv_ns=START_NS),
        ValuationStarted(),
    ]
    return [
        (ClockAdvanced(START_NS), None),
        *((event, None) for event in tables()),
        *((event, None) for event in others),
        *((event, POSITION._replace(offset=POSITION.offset + row)) for row, event in enumerate(account_events())),
        (batch(50), None),
        (ClockAdvanced(START_NS + SECOND_NS), None),
        (odd_batch(), None),
        (batch(1, seed=2), None),
    ]


def records(first_seq: int = 1) -> list[Record]:
    """All inputs as records, dense in seq, engine time as the engine would have it."""
    made = []
    seq, engine_ns = first_seq, 0
    for item, position in inputs():
        made.append(Record(seq, engine_ns, item, position))
        seq = made[-1].last_seq + 1
        engine_ns = item.now_ns if isinstance(item, ClockAdvanced) else engine_ns
    return made


def write(path: Path, taken: list[Record], *, block: int = 4, close: bool = True, head: RecordingHeader | None = None) -> None:
    """Write records, a block every `block` of them; `close` False leaves the file as a killed process does."""
    writer = RecordingWriter(path, head or header(first_seq=taken[0].seq))
    for row, record in enumerate(taken, 1):
        writer.append(record.seq, record.engine_ns, record.item, record.position)
        if row % block == 0:
            writer.flush(sync=False)
    if close:
        writer.close()
    else:
        writer.flush(sync=True)
        writer._file.close()
