"""Random USDⓈ-M accounts with their tables and prices, and the cases that a pool of one stands in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode, MarginMode, PoolKind, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id, symbol_of
from monitor.domain.report import PoolReport
from monitor.domain.tables import AssetIndexBuffers, TableKind
from monitor.rules.binance_usdm.assets import EQUITY, asset_schedule
from monitor.rules.tables import TableSet
from monitor.rules.tape import Piece, ScheduleKey
from tests.support.binance_books import VENUE, instrument
from tests.support.random_books import Book, around, bracket_table, number_of, order, put, sides, tables_with_weights

MARKS = {"BTCUSDT": "60000", "ETHUSDT": "3000", "DOGEUSDT": "0.2", "ETHUSDC": "3001"}
ASSETS = {"BTC": "60000", "USDC": "1", "USDT": "1"}

# Sides of the three kinds of pools, 5 brackets, two signs of equity by two ways to convert it, hedged, margin known or not.
CASES = 6 + 5 + 4 + 1 + 2


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    """Which brackets, sides and signs a pool stands in, read off its holdings, tables and parts."""
    held: dict[str, set[str]] = {}
    for position in report.positions:
        assert position.notional is not None
        yield f"{pool.kind.value} {position.side}"
        held.setdefault(position.instrument, set()).add(position.side)
        brackets = schedules[ScheduleKey(VENUE, "leverage_brackets", symbol_of(position.instrument))]
        yield f"bracket {number_of(brackets, position.notional)}"
    if any(len(found) == 2 for found in held.values()):
        yield "hedged"
    if pool.kind is PoolKind.CROSS:
        for part in report.parts:
            if part.figure == "collateral_value" and part.amount:
                way = "by its index" if asset_schedule(part.name, EQUITY) in schedules else "by bid and ask"
                yield f"{'more' if part.amount > 0 else 'less'} than 0 converted {way}"
    yield "initial margin known" if report.initial_margin is not None else "initial margin not known"


def random_book(random: Random) -> Book:
    tables, prices = tables_with_weights(), {}
    for symbol, mark in MARKS.items():
        put(tables, VENUE, TableKind.INSTRUMENT, symbol, instrument(symbol))
        put(tables, VENUE, TableKind.LEVERAGE_BRACKETS, symbol, bracket_table(random))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for asset, index in ASSETS.items():
        put_rates(random, asset, around(random, index), tables, prices)
    is_multi, hedge = random.random() < 0.5, random.random() < 0.3
    symbols = random.sample(sorted(MARKS), random.randint(0, 4))
    account = AccountHoldings(
        account=f"{VENUE}:desk",
        mode=AccountMode.MULTI_CURRENCY if is_multi else AccountMode.SINGLE_CURRENCY,
        position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
        wallets={asset: balance(random, asset) for asset in ASSETS},
        positions=tuple(held for symbol in symbols for held in positions(random, symbol, hedge=hedge, cross=is_multi)),
        orders=tuple(order(random, VENUE, symbol, Decimal(MARKS[symbol])) for symbol in symbols if random.random() < 0.1),
    )
    return Book(account, tables, prices)


def put_rates(random: Random, asset: str, index: Decimal, tables: TableSet, prices: dict[DriverKey, Decimal]) -> None:
    """An asset converts by its index and buffers, or by bid and ask rates."""
    subject = subject_id(VENUE, asset)
    buffer = Decimal(random.randint(0, 100)) / 1000
    if random.random() < 0.5:
        put(tables, VENUE, TableKind.ASSET_INDEX, asset, AssetIndexBuffers(bid_buffer=buffer, ask_buffer=buffer))
        prices[DriverKey(DriverKind.ASSET_INDEX, subject)] = index
    else:
        put(tables, VENUE, TableKind.ASSET_INDEX, asset, AssetIndexBuffers(bid_buffer=None, ask_buffer=None))
        prices[DriverKey(DriverKind.ASSET_BID, subject)] = index * (1 - buffer)
        prices[DriverKey(DriverKind.ASSET_ASK, subject)] = index * (1 + buffer)


def balance(random: Random, asset: str) -> Decimal:
    """A balance of either sign worth up to some hundred thousands."""
    return (Decimal(random.randint(-100_000, 600_000)) / Decimal(ASSETS[asset])).quantize(Decimal("0.00000001"))


def positions(random: Random, symbol: str, *, hedge: bool, cross: bool) -> list[Position]:
    isolated = not cross and random.random() < 0.4
    return [position(random, symbol, side, sign, isolated=isolated) for side, sign in sides(random, hedge=hedge)]


def position(random: Random, symbol: str, side: PositionSide, sign: int, *, isolated: bool) -> Position:
    notional = Decimal(random.randint(1_000, 3_000_000))
    size = sign * ((notional / Decimal(MARKS[symbol])).quantize(Decimal("0.001")) + 1)
    return Position(
        instrument=subject_id(VENUE, symbol),
        position_side=side,
        margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
        size=size,
        cost=size * around(random, MARKS[symbol]),
        leverage=random.choice((None, Decimal(3), Decimal(20), Decimal(125))),
        isolated_wallet=notional / random.randint(2, 50) if isolated else None,
    )
