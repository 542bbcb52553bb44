"""Random Deribit accounts in segregated standard margin with their tables and prices, and the cases that a pool stands in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.market_margin import SizeMargin
from monitor.domain.report import PoolReport
from monitor.domain.tables import TableKind
from monitor.rules.exact import exact
from monitor.rules.tape import Piece, ScheduleKey
from tests.support.random_books import Book, around, order, put, tables_with_weights

VENUE = "deribit"
MARKS = {
    "BTC_USDC-PERPETUAL": "60000",
    "BTC_USDC-25DEC26": "61500",
    "ETH_USDC-PERPETUAL": "3000",
    "BTC_USDT-PERPETUAL": "60000",
    "ETH_USDT-PERPETUAL": "3000",
}
COINS = ("USDC", "USDT")

# Either side of each kind of contract, a wallet on either side of 0, one position or more, initial margin known or not.
CASES = 4 + 2 + 2 + 2


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    for position in report.positions:
        yield f"{'perpetual' if position.instrument.endswith('PERPETUAL') else 'future'} {position.side}"
    if report.positions:
        yield "wallet below 0" if min(pool.wallets.values()) < 0 else "wallet at least 0"
        yield "one position" if len(report.positions) == 1 else "more positions"
    yield "initial margin known" if report.initial_margin is not None else "initial margin not known"


def random_book(random: Random) -> Book:
    tables, prices = tables_with_weights(), {}
    for symbol, mark in MARKS.items():
        put(tables, VENUE, TableKind.INSTRUMENT, symbol, instrument(symbol))
        put(tables, VENUE, TableKind.SIZE_MARGIN, symbol, size_margin(random, symbol))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for coin in COINS:
        prices[DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, coin))] = around(random, "1")
    symbols = random.sample(sorted(MARKS), random.randint(0, len(MARKS)))
    account = AccountHoldings(
        account=f"{VENUE}:desk",
        mode=AccountMode.SINGLE_CURRENCY,
        position_mode=PositionMode.ONE_WAY,
        wallets={coin: Decimal(random.randint(-200_000, 1_000_000)) for coin in COINS},
        positions=tuple(position(random, symbol) for symbol in sorted(symbols)),
        orders=tuple(order(random, VENUE, symbol, Decimal(MARKS[symbol])) for symbol in symbols if random.random() < 0.2),
    )
    return Book(account, tables, prices)


def size_margin(random: Random, symbol: str) -> SizeMargin:
    """Bases of 1 to 4 %; the increase matters at the sizes that positions have, and is 0 at times."""
    maintenance = Decimal(random.randint(10, 40)) / 1000
    step = Decimal(random.randint(0, 20)) / (10_000 if symbol.startswith("BTC") else 200_000)
    return SizeMargin(initial_base=maintenance * 2, maintenance_base=maintenance, increase_per_coin=step)


def instrument(symbol: str) -> Instrument:
    base, settle = symbol.split("-", maxsplit=1)[0].split("_")
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=InstrumentKind.LINEAR_PERPETUAL if symbol.endswith("PERPETUAL") else InstrumentKind.LINEAR_FUTURE,
        base=base,
        quote=settle,
        settle_asset=settle,
        contract_size=Decimal("0.001") if base == "BTC" else Decimal("0.01"),
        size_step=Decimal(1),
        price_step=Decimal("0.5"),
    )


def position(random: Random, symbol: str) -> Position:
    """Worth up to some 1.2 millions."""
    terms = instrument(symbol)
    whole = int(Decimal(1_200_000) / Decimal(MARKS[symbol]) / terms.contract_size)
    size = random.choice((1, -1)) * Decimal(random.randint(1, whole))
    with exact():
        cost = size * terms.contract_size * around(random, MARKS[symbol])
    return Position(
        instrument=terms.instrument,
        position_side=PositionSide.BOTH,
        margin_mode=MarginMode.CROSS,
        size=size,
        cost=cost,
        leverage=random.choice((None, Decimal(20))),
    )
