"""Random Binance COIN-M accounts with their tables and prices, and the cases that a pool of one stands in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id, symbol_of
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.report import PoolReport
from monitor.domain.tables import TableKind
from monitor.rules.exact import quotient
from monitor.rules.tape import Piece, ScheduleKey
from tests.support.random_books import Book, around, bracket_table, number_of, order, put, sides, tables_with_weights

VENUE = "binance_coinm"
MARKS = {"BTCUSD_PERP": "60000", "BTCUSD_261225": "61500", "ETHUSD_PERP": "3000", "ETHUSD_261225": "3050"}
COINS = {"BTC": "60000", "ETH": "3000"}


# Two sides of cross and of isolated pools, 5 brackets, long and short of one instrument in one pool, margin known and not.
CASES = 4 + 5 + 1 + 2


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    """Which brackets, sides and modes a pool stands in, read off its holdings and tables."""
    held: dict[str, set[str]] = {}
    for position in report.positions:
        assert position.notional is not None
        yield f"{pool.kind.value} {position.side}"
        held.setdefault(position.instrument, set()).add(position.side)
        brackets = schedules[ScheduleKey(VENUE, "leverage_brackets", symbol_of(position.instrument))]
        yield f"bracket {number_of(brackets, position.notional)}"
    if any(len(found) == 2 for found in held.values()):
        yield "hedged"
    yield "initial margin known" if report.initial_margin is not None else "initial margin not known"


def random_book(random: Random) -> Book:
    tables, prices = tables_with_weights(), {}
    for symbol, mark in MARKS.items():
        put(tables, VENUE, TableKind.INSTRUMENT, symbol, instrument(symbol))
        put(tables, VENUE, TableKind.LEVERAGE_BRACKETS, symbol, bracket_table(random, unit=Decimal(mark)))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for coin, index in COINS.items():
        prices[DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, coin))] = around(random, index)
    hedge = random.random() < 0.3
    symbols = random.sample(sorted(MARKS), random.randint(0, 4))
    account = AccountHoldings(
        account=f"{VENUE}:desk",
        mode=AccountMode.SINGLE_CURRENCY,
        position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
        wallets={coin: balance(random, coin) for coin in COINS},
        positions=tuple(held for symbol in symbols for held in positions(random, symbol, hedge=hedge)),
        orders=tuple(order(random, VENUE, symbol, Decimal(MARKS[symbol])) for symbol in symbols if random.random() < 0.1),
    )
    return Book(account, tables, prices)


def instrument(symbol: str) -> Instrument:
    coin = symbol[:3]
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=InstrumentKind.INVERSE_PERPETUAL if symbol.endswith("PERP") else InstrumentKind.INVERSE_FUTURE,
        base=coin,
        quote="USD",
        settle_asset=coin,
        contract_size=Decimal(100 if coin == "BTC" else 10),
        size_step=Decimal(1),
        price_step=Decimal("0.1"),
    )


def balance(random: Random, coin: str) -> Decimal:
    """A balance of either sign worth up to some hundred thousands."""
    return (Decimal(random.randint(-60_000, 900_000)) / Decimal(COINS[coin])).quantize(Decimal("0.00000001"))


def positions(random: Random, symbol: str, *, hedge: bool) -> list[Position]:
    isolated = random.random() < 0.3
    return [position(random, symbol, side, sign, isolated=isolated) for side, sign in sides(random, hedge=hedge)]


def position(random: Random, symbol: str, side: PositionSide, sign: int, *, isolated: bool) -> Position:
    terms = instrument(symbol)
    size = sign * Decimal(random.randint(1_000, 3_000_000) // int(terms.contract_size) + 1)
    in_coin = abs(size) * terms.contract_size / Decimal(MARKS[symbol])
    wallet = (in_coin / random.randint(2, 50)).quantize(Decimal("1e-8")) if isolated else None
    cost = quotient(-size * terms.contract_size, around(random, MARKS[symbol]))
    return Position(
        instrument=terms.instrument,
        position_side=side,
        margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
        size=size,
        cost=cost,
        leverage=random.choice((None, Decimal(3), Decimal(20), Decimal(125))),
        isolated_wallet=wallet,
    )
