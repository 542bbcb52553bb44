"""Random Bybit accounts with their tables and prices, and the cases that a pool of one stands in."""

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
from monitor.rules.exact import quotient
from monitor.rules.tape import Piece, ScheduleKey
from tests.support.random_books import (
    Book,
    around,
    borrow_table,
    bracket_table,
    collateral_table,
    number_of,
    order,
    put,
    sides,
    tables_with_weights,
)

VENUE = "bybit"
SYMBOLS = {
    "BTCUSD": ("BTC", "BTC"),
    "BTCUSDT": ("BTC", "USDT"),
    "ETHUSDT": ("ETH", "USDT"),
    "SOLUSDT": ("SOL", "USDT"),
    "ETHPERP": ("ETH", "USDC"),
}
COINS = {"BTC": "100000", "ETH": "3000", "USDC": "1", "USDT": "1"}
MARKS = {"BTCUSD": "100010", "BTCUSDT": "100000", "ETHUSDT": "3000", "SOLUSDT": "150", "ETHPERP": "3000"}

# Sides of cross and isolated, linear and inverse, 5 risk tiers, 3 signs of equity, 5 slices, 2 ways to borrow, 4 borrow tiers.
CASES = 4 + 2 + 5 + 3 + 5 + 2 + 4


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    """Which tiers, slices and signs a pool stands in, read off its holdings, tables and parts."""
    for position in report.positions:
        assert position.notional is not None
        yield f"{pool.kind.value} {position.side}"
        yield "inverse" if position.instrument.endswith("USD") else "linear"
        tiers = schedules[ScheduleKey(VENUE, "leverage_brackets", position.instrument.removeprefix("bybit:"))]
        yield f"risk tier {number_of(tiers, position.notional)}"
    for part in report.parts:
        if part.figure == "equity":
            off = part.name in pool.not_collateral
            sign = "negative" if part.amount < 0 else "positive"
            yield "equity of an asset switched off" if off else f"equity {sign}"
            if part.amount > 0 and not off:
                yield f"slice {number_of(schedules[ScheduleKey(VENUE, 'collateral_tiers', part.name, 'on')], part.amount)}"
        elif part.figure == "borrowed":
            yield "borrowed, frozen" if pool.frozen.get(part.name) else "borrowed"
            tiers = schedules[ScheduleKey(VENUE, "borrow_tiers", part.name, "maintenance")]
            yield f"borrow tier {len(tiers) - number_of(tiers, -part.amount) - 1}"


def random_book(random: Random) -> Book:
    tables, prices = tables_with_weights(), {}
    for symbol, mark in MARKS.items():
        put(tables, VENUE, TableKind.INSTRUMENT, symbol, instrument(symbol))
        unit = Decimal(mark) if instrument(symbol).kind.is_inverse else Decimal(1)
        put(tables, VENUE, TableKind.LEVERAGE_BRACKETS, symbol, bracket_table(random, unit=unit))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for coin, index in COINS.items():
        put(tables, VENUE, TableKind.COLLATERAL_TIERS, coin, collateral_table(random, Decimal(500_000) / Decimal(index)))
        put(tables, VENUE, TableKind.BORROW_TIERS, coin, borrow_table(random, Decimal(100_000) / Decimal(index)))
        prices[DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, coin))] = around(random, index)
    hedge = random.random() < 0.3
    symbols = random.sample(sorted(SYMBOLS), random.randint(0, 4))
    wallets = {coin: balance(random, coin) for coin in random.sample(sorted(COINS), random.randint(1, 4))}
    account = AccountHoldings(
        account="bybit:desk",
        mode=AccountMode.MULTI_CURRENCY,
        position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
        wallets=wallets,
        positions=tuple(held for symbol in symbols for held in positions(random, symbol, hedge=hedge)),
        orders=tuple(order(random, VENUE, symbol, limit_price(random, symbol)) for symbol in symbols if random.random() < 0.15),
        frozen={coin: abs(balance(random, coin)) for coin in COINS if random.random() < 0.25},
        not_collateral=tuple(coin for coin in sorted(COINS) if random.random() < 0.2),
    )
    return Book(account, tables, prices)


def instrument(symbol: str) -> Instrument:
    base, settle = SYMBOLS[symbol]
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=InstrumentKind.INVERSE_PERPETUAL if base == settle else InstrumentKind.LINEAR_PERPETUAL,
        base=base,
        quote="USD",
        settle_asset=settle,
        size_step=Decimal("0.001"),
        price_step=Decimal("0.01"),
    )


def balance(random: Random, coin: str) -> Decimal:
    """A balance of any sign worth up to some millions, or nothing."""
    usd = Decimal(random.choice((0, 1, 1, 1, 1))) * random.randint(-500_000, 3_000_000)
    return (usd / Decimal(COINS[coin])).quantize(Decimal("0.00000001"))


def positions(random: Random, symbol: str, *, hedge: bool) -> list[Position]:
    isolated = random.random() < 0.2
    return [position(random, symbol, side, sign, isolated=isolated) for side, sign in sides(random, hedge=hedge)]


def position(random: Random, symbol: str, side: PositionSide, sign: int, *, isolated: bool) -> Position:
    is_inverse = instrument(symbol).kind.is_inverse
    usd, entry = random.randint(1_000, 3_000_000), around(random, MARKS[symbol])
    size = Decimal(sign * usd) if is_inverse else sign * (usd / Decimal(MARKS[symbol])).quantize(Decimal("0.001"))
    size = size or Decimal(sign)
    settle = SYMBOLS[symbol][1]
    return Position(
        instrument=subject_id(VENUE, symbol),
        position_side=side,
        margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
        size=size,
        cost=quotient(-size, entry) if is_inverse else size * entry,
        leverage=Decimal(random.randint(2, 200)) / 2,
        isolated_wallet=abs(balance(random, settle)) / 4 if isolated else None,
        taker_fee_rate=Decimal(random.choice(("0.00055", "0.0006", "0.00085", "0"))),
    )


def limit_price(random: Random, symbol: str) -> Decimal | None:
    """A market order has none: its margin is then not known."""
    return random.choice((None, Decimal(MARKS[symbol]), Decimal(MARKS[symbol])))
