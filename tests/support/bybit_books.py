"""Random Bybit accounts with their tables and prices, for property tests. Sizes are of one order, so that all cases occur."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, Order, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import (
    BorrowTier,
    BorrowTiers,
    Bracket,
    CollateralTier,
    CollateralTiers,
    LeverageBrackets,
    Table,
    TableKey,
    TableKind,
    TableVersion,
)
from monitor.rules.brackets import deductions
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, load_class_weights
from monitor.rules.tables import TableSet

VENUE = "bybit"
SYMBOLS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "SOLUSDT": ("SOL", "USDT"), "ETHPERP": ("ETH", "USDC")}
COINS = {"BTC": "100000", "ETH": "3000", "USDC": "1", "USDT": "1"}
MARKS = {"BTCUSDT": "100000", "ETHUSDT": "3000", "SOLUSDT": "150", "ETHPERP": "3000"}


@dataclass(frozen=True)
class Book:
    """One account with all that values it."""

    account: AccountHoldings
    tables: TableSet
    prices: dict[DriverKey, Decimal]

    def price(self, driver: DriverKey) -> Decimal | None:
        return self.prices.get(driver)


def books(seed: str, count: int) -> Iterator[Book]:
    random = Random(seed)
    return (random_book(random) for _ in range(count))


def random_book(random: Random) -> Book:
    tables, prices = TableSet(), {}
    tables.put(CLASS_WEIGHTS_KEY, load_class_weights())
    for symbol, mark in MARKS.items():
        put(tables, TableKind.INSTRUMENT, symbol, instrument(symbol))
        put(tables, TableKind.LEVERAGE_BRACKETS, symbol, bracket_table(random))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for coin, index in COINS.items():
        put(tables, TableKind.COLLATERAL_TIERS, coin, collateral_table(random, Decimal(500_000) / Decimal(index)))
        put(tables, TableKind.BORROW_TIERS, coin, borrow_table(random, Decimal(100_000) / Decimal(index)))
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
        orders=orders(random, symbols),
        frozen={coin: abs(balance(random, coin)) for coin in COINS if random.random() < 0.25},
        not_collateral=tuple(coin for coin in sorted(COINS) if random.random() < 0.2),
    )
    return Book(account, tables, prices)


def put(tables: TableSet, kind: TableKind, symbol: str, table: Table) -> None:
    tables.put(TableKey(VENUE, kind, symbol), TableVersion(version="v1", effective_ns=0, table=table, source="test"))


def instrument(symbol: str) -> Instrument:
    base, settle = SYMBOLS[symbol]
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base=base,
        quote="USD",
        settle_asset=settle,
        size_step=Decimal("0.001"),
        price_step=Decimal("0.01"),
    )


def around(random: Random, centre: str) -> Decimal:
    return (Decimal(centre) * random.randint(900, 1100) / 1000).quantize(Decimal("0.0001"))


def balance(random: Random, coin: str) -> Decimal:
    """A balance of any sign worth up to some millions, or nothing."""
    usd = Decimal(random.choice((0, 1, 1, 1, 1))) * random.randint(-500_000, 3_000_000)
    return (usd / Decimal(COINS[coin])).quantize(Decimal("0.00000001"))


def positions(random: Random, symbol: str, *, hedge: bool) -> list[Position]:
    sides = [PositionSide.LONG, PositionSide.SHORT] if hedge else [PositionSide.BOTH]
    isolated = random.random() < 0.2
    return [position(random, symbol, side, isolated=isolated) for side in sides if not hedge or random.random() < 0.8]


def position(random: Random, symbol: str, side: PositionSide, *, isolated: bool) -> Position:
    sign = {PositionSide.LONG: 1, PositionSide.SHORT: -1}.get(side) or random.choice((1, -1))
    mark = Decimal(MARKS[symbol])
    size = sign * (random.randint(1_000, 3_000_000) / mark).quantize(Decimal("0.001"))
    entry = around(random, MARKS[symbol])
    return Position(
        instrument=subject_id(VENUE, symbol),
        position_side=side,
        margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
        size=size or Decimal(sign),
        cost=(size or Decimal(sign)) * entry,
        leverage=Decimal(random.randint(2, 200)) / 2,
        isolated_wallet=abs(balance(random, "USDT")) / 4 if isolated else None,
        taker_fee_rate=Decimal(random.choice(("0.00055", "0.0006", "0.00085", "0"))),
    )


def orders(random: Random, symbols: list[str]) -> tuple[Order, ...]:
    return tuple(
        Order(
            instrument=subject_id(VENUE, symbol),
            order_id=str(number),
            position_side=PositionSide.BOTH,
            size=Decimal(random.choice((1, -2))),
            limit_price=random.choice((None, Decimal(MARKS[symbol]), Decimal(MARKS[symbol]))),
            reduce_only=random.random() < 0.2,
        )
        for number, symbol in enumerate(symbols)
        if random.random() < 0.15
    )


def bracket_table(random: Random) -> LeverageBrackets:
    edges = sorted(random.sample(range(1, 25), random.randint(0, 4)))
    floors = [Decimal(0), *(Decimal(edge * 100_000) for edge in edges)]
    rates = sorted(Decimal(random.randint(4, 60)) / 1000 for _ in floors)
    rows = zip(floors, [*floors[1:], None], rates, deductions(floors, rates), strict=True)
    return LeverageBrackets(
        brackets=tuple(
            Bracket(floor=floor, cap=cap, maintenance_margin_rate=rate, deduction=amount) for floor, cap, rate, amount in rows
        )
    )


def collateral_table(random: Random, step: Decimal) -> CollateralTiers:
    floors = [Decimal(0), *(step * edge for edge in sorted(random.sample(range(1, 5), random.randint(0, 3))))]
    ratios = sorted((Decimal(random.randint(0, 20)) / 20 for _ in floors), reverse=True)
    last = random.choice((None, floors[-1] + step))
    rows = zip(floors, [*floors[1:], last], ratios, strict=True)
    return CollateralTiers(tiers=tuple(CollateralTier(floor=floor, cap=cap, ratio=ratio) for floor, cap, ratio in rows))


def borrow_table(random: Random, step: Decimal) -> BorrowTiers:
    floors = [Decimal(0), *(step * edge for edge in sorted(random.sample(range(1, 4), random.randint(0, 3))))]
    rates = sorted(Decimal(random.randint(20, 200)) / 1000 for _ in floors)
    last = random.choice((None, floors[-1] + step))
    rows = zip(floors, [*floors[1:], last], rates, strict=True)
    return BorrowTiers(
        tiers=tuple(
            BorrowTier(floor=floor, cap=cap, maintenance_margin_rate=rate, initial_margin_rate=rate * 2)
            for floor, cap, rate in rows
        )
    )
