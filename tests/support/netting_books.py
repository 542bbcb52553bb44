"""Random multi-collateral accounts of Kraken, where perpetuals and futures of one underlying net, and the cases of a pool."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.report import PoolReport
from monitor.domain.tables import TableKind
from monitor.rules.tape import Piece, ScheduleKey
from tests.support.random_books import (
    Book,
    around,
    borrow_table,
    bracket_table,
    collateral_table,
    put,
    tables_with_weights,
)

VENUE = "kraken_futures"
MARKS = {"PF_BTC": "60000", "FF_BTC_DEC": "61000", "PF_ETH": "3000", "FF_ETH_DEC": "3050"}
COINS = {"BTC": "60000", "ETH": "3000", "USD": "1"}

# Sides, one side or both of an underlying, initial margin known or not, equity of coins of either sign.
CASES = 2 + 2 + 2 + 2


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    """Whether longs and shorts of one underlying meet in a pool, and which signs its coins have."""
    held: dict[str, set[str]] = {}
    for position in report.positions:
        yield f"{pool.kind.value} {position.side}"
        held.setdefault(position.instrument.split("_")[2], set()).add(position.side)
    yield from ("both sides" if len(sides) == 2 else "one side" for sides in held.values())
    yield "initial margin known" if report.initial_margin is not None else "initial margin not known"
    for part in report.parts:
        if part.figure == "equity":
            yield "equity above 0" if part.amount > 0 else "equity below 0"


def random_book(random: Random) -> Book:
    tables, prices = tables_with_weights(), {}
    for symbol, mark in MARKS.items():
        put(tables, VENUE, TableKind.INSTRUMENT, symbol, instrument(symbol))
        put(tables, VENUE, TableKind.LEVERAGE_BRACKETS, symbol, bracket_table(random, edges=11))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for coin, index in COINS.items():
        put(tables, VENUE, TableKind.COLLATERAL_TIERS, coin, collateral_table(random, Decimal(250_000) / Decimal(index)))
        put(tables, VENUE, TableKind.BORROW_TIERS, coin, borrow_table(random, Decimal(50_000) / Decimal(index)))
        prices[DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, coin))] = around(random, index)
    symbols = random.sample(sorted(MARKS), random.randint(0, 4))
    account = AccountHoldings(
        account=f"{VENUE}:desk",
        mode=AccountMode.MULTI_CURRENCY,
        position_mode=PositionMode.ONE_WAY,
        wallets={coin: balance(random, coin) for coin in COINS},
        positions=tuple(position(random, symbol) for symbol in symbols),
    )
    return Book(account, tables, prices)


def instrument(symbol: str) -> Instrument:
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=InstrumentKind.LINEAR_PERPETUAL if symbol.startswith("PF") else InstrumentKind.LINEAR_FUTURE,
        base=symbol.split("_")[1],
        quote="USD",
        settle_asset="USD",
        size_step=Decimal("0.0001"),
        price_step=Decimal("0.5"),
    )


def balance(random: Random, coin: str) -> Decimal:
    usd = random.randint(-40_000, 0) if random.random() < 0.15 else random.randint(0, 500_000)
    return (Decimal(usd) / Decimal(COINS[coin])).quantize(Decimal("0.00000001"))


def position(random: Random, symbol: str) -> Position:
    usd = Decimal(random.randint(1_000, 1_500_000))
    size = random.choice((1, -1)) * ((usd / Decimal(MARKS[symbol])).quantize(Decimal("0.001")) + 1)
    return Position(
        instrument=subject_id(VENUE, symbol),
        position_side=PositionSide.BOTH,
        margin_mode=MarginMode.CROSS,
        size=size,
        cost=size * around(random, MARKS[symbol]),
        leverage=random.choice((None, Decimal(3), Decimal(20), Decimal(50))),
    )
