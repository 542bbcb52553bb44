"""Random Binance USDⓈ-M accounts with their tables and prices, for property tests."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, Order, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import (
    AssetIndexBuffers,
    Bracket,
    LeverageBrackets,
    Table,
    TableKey,
    TableKind,
    TableVersion,
)
from monitor.rules.brackets import deductions
from monitor.rules.tables import TableSet
from tests.support.random_books import Book, tables_with_weights

VENUE = "binance_usdm"
SYMBOLS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "DOGEUSDT": ("DOGE", "USDT"), "ETHUSDC": ("ETH", "USDC")}
ASSETS = ("BTC", "USDC", "USDT")

sizes = st.decimals(min_value="0.001", max_value="5000", places=3)
marks = st.decimals(min_value="0.0001", max_value="99999", places=4)
balances = st.decimals(min_value="-50000", max_value="500000", places=8)
buffers = st.decimals(min_value="0", max_value="0.2", places=4)


def key(kind: TableKind, symbol: str) -> TableKey:
    return TableKey(VENUE, kind, symbol)


def version(table: Table, name: str = "v1") -> TableVersion:
    return TableVersion(version=name, effective_ns=0, table=table, source="test")


def instrument(symbol: str, kind: InstrumentKind = InstrumentKind.LINEAR_PERPETUAL) -> Instrument:
    base, settle = SYMBOLS[symbol]
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=kind,
        base=base,
        quote=settle,
        settle_asset=settle,
        size_step=Decimal("0.001"),
        price_step=Decimal("0.0001"),
    )


def brackets_of(floors: list[Decimal], rates: list[Decimal]) -> LeverageBrackets:
    """A continuous table from floors and rates."""
    amounts = deductions(floors, rates)
    caps = [*floors[1:], None]
    return LeverageBrackets(
        brackets=tuple(
            Bracket(floor=floor, cap=cap, maintenance_margin_rate=rate, deduction=amount)
            for floor, cap, rate, amount in zip(floors, caps, rates, amounts, strict=True)
        )
    )


@st.composite
def bracket_tables(draw: st.DrawFn) -> LeverageBrackets:
    edges = draw(st.lists(st.integers(1, 10_000_000), max_size=5, unique=True))
    rates = draw(st.lists(st.integers(1, 500), min_size=len(edges) + 1, max_size=len(edges) + 1))
    return brackets_of([Decimal(0), *map(Decimal, sorted(edges))], [Decimal(rate) / 1000 for rate in sorted(rates)])


@st.composite
def positions(draw: st.DrawFn, mode: PositionMode, margin_mode: MarginMode, symbol: str) -> tuple[Position, ...]:
    sides = (PositionSide.LONG, PositionSide.SHORT) if mode is PositionMode.HEDGE else (PositionSide.BOTH,)
    found = []
    for side in sides:
        size = draw(sizes)
        sign = {PositionSide.LONG: 1, PositionSide.SHORT: -1}.get(side) or draw(st.sampled_from((1, -1)))
        entry = draw(marks)
        found.append(
            Position(
                instrument=subject_id(VENUE, symbol),
                position_side=side,
                margin_mode=margin_mode,
                size=size * sign,
                cost=size * sign * entry,
                leverage=draw(st.none() | st.integers(1, 125).map(Decimal)),
                isolated_wallet=draw(balances) if margin_mode is MarginMode.ISOLATED else None,
            )
        )
    return tuple(found)


@st.composite
def books(draw: st.DrawFn) -> Book:
    mode = draw(st.sampled_from((AccountMode.SINGLE_CURRENCY, AccountMode.MULTI_CURRENCY)))
    position_mode = draw(st.sampled_from(PositionMode))
    symbols = draw(st.lists(st.sampled_from(sorted(SYMBOLS)), unique=True, max_size=4))
    margin_modes = [MarginMode.CROSS] if mode is AccountMode.MULTI_CURRENCY else list(MarginMode)
    held = [
        position
        for symbol in symbols
        for position in draw(positions(position_mode, draw(st.sampled_from(margin_modes)), symbol))
    ]
    tables, prices = tables_with_weights(), {}
    for symbol in symbols:
        tables.put(key(TableKind.INSTRUMENT, symbol), version(instrument(symbol)))
        tables.put(key(TableKind.LEVERAGE_BRACKETS, symbol), version(draw(bracket_tables())))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = draw(marks)
    for asset in ASSETS:
        draw_rates(draw, asset, tables, prices)
    account = AccountHoldings(
        account="binance_usdm:desk",
        mode=mode,
        position_mode=position_mode,
        wallets={asset: draw(balances) for asset in draw(st.sets(st.sampled_from(ASSETS)))},
        positions=tuple(held),
        orders=draw_orders(draw, symbols),
    )
    return Book(account, tables, prices)


def draw_rates(draw: st.DrawFn, asset: str, tables: TableSet, prices: dict[DriverKey, Decimal]) -> None:
    """An asset converts by index and buffers, or by bid and ask rates."""
    subject = subject_id(VENUE, asset)
    if draw(st.booleans()):
        table = AssetIndexBuffers(bid_buffer=draw(buffers), ask_buffer=draw(buffers))
        prices[DriverKey(DriverKind.ASSET_INDEX, subject)] = draw(marks)
    else:
        table = AssetIndexBuffers(bid_buffer=None, ask_buffer=None)
        low, high = sorted((draw(marks), draw(marks)))
        prices[DriverKey(DriverKind.ASSET_BID, subject)] = low
        prices[DriverKey(DriverKind.ASSET_ASK, subject)] = high
    tables.put(key(TableKind.ASSET_INDEX, asset), version(table))


def draw_orders(draw: st.DrawFn, symbols: list[str]) -> tuple[Order, ...]:
    if not symbols:
        return ()
    return tuple(
        Order(
            instrument=subject_id(VENUE, draw(st.sampled_from(symbols))),
            order_id=str(number),
            position_side=PositionSide.BOTH,
            size=draw(sizes),
            limit_price=draw(st.none() | marks),
            reduce_only=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 2)))
    )
