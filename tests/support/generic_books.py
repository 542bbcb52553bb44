"""Random accounts of the plain book with their tables and prices, for property tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from monitor.rules.exact import quotient
from monitor.rules.tables import TableSet

VENUE = "generic"
MARKS = {"BTCUSDT": "60000", "ETHUSDT": "3000", "XRPUSDT": "0.5", "BTCUSD_PERP": "60010", "ETHUSD_PERP": "3001"}
COINS = {"BTC": "60000", "ETH": "3000", "USDT": "1"}


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
        put(
            tables,
            TableKind.LEVERAGE_BRACKETS,
            symbol,
            bracket_table(random, Decimal(mark) if symbol.endswith("_PERP") else Decimal(1)),
        )
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for coin, index in COINS.items():
        put(tables, TableKind.COLLATERAL_TIERS, coin, collateral_table(random, Decimal(500_000) / Decimal(index)))
        put(tables, TableKind.BORROW_TIERS, coin, borrow_table(random, Decimal(100_000) / Decimal(index)))
        prices[DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, coin))] = around(random, index)
    hedge = random.random() < 0.3
    symbols = random.sample(sorted(MARKS), random.randint(0, 4))
    account = AccountHoldings(
        account=f"{VENUE}:desk",
        mode=random.choice((AccountMode.MULTI_CURRENCY, AccountMode.MULTI_CURRENCY, AccountMode.SINGLE_CURRENCY)),
        position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
        wallets={coin: balance(random, coin) for coin in COINS},
        not_collateral=tuple(coin for coin in sorted(COINS) if random.random() < 0.2),
        positions=tuple(held for symbol in symbols for held in positions(random, symbol, hedge=hedge)),
        orders=tuple(order(random, symbol) for symbol in symbols if random.random() < 0.1),
    )
    if account.mode is AccountMode.MULTI_CURRENCY and random.random() < 0.3:
        account = replace(account, venue_given={"other_maintenance_margin": Decimal(random.randint(0, 50_000))})
    return Book(account, tables, prices)


def put(tables: TableSet, kind: TableKind, symbol: str, table: Table) -> None:
    tables.put(TableKey(VENUE, kind, symbol), TableVersion(version="v1", effective_ns=0, table=table, source="test"))


def instrument(symbol: str) -> Instrument:
    is_inverse = symbol.endswith("_PERP")
    coin = symbol[:3]
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=InstrumentKind.INVERSE_PERPETUAL if is_inverse else InstrumentKind.LINEAR_PERPETUAL,
        base=coin,
        quote="USD" if is_inverse else "USDT",
        settle_asset=coin if is_inverse else "USDT",
        contract_size=Decimal(100 if is_inverse else 1),
        size_step=Decimal("0.001"),
        price_step=Decimal("0.0001"),
    )


def around(random: Random, centre: str) -> Decimal:
    return (Decimal(centre) * random.randint(900, 1100) / 1000).quantize(Decimal("0.0001"))


def balance(random: Random, coin: str) -> Decimal:
    """A balance of either sign worth up to some hundred thousands."""
    return (Decimal(random.randint(-60_000, 900_000)) / Decimal(COINS[coin])).quantize(Decimal("0.00000001"))


def positions(random: Random, symbol: str, *, hedge: bool) -> list[Position]:
    sides = [PositionSide.LONG, PositionSide.SHORT] if hedge else [PositionSide.BOTH]
    isolated = random.random() < 0.3
    return [position(random, symbol, side, isolated=isolated) for side in sides if not hedge or random.random() < 0.8]


def position(random: Random, symbol: str, side: PositionSide, *, isolated: bool) -> Position:
    sign = {PositionSide.LONG: 1, PositionSide.SHORT: -1}.get(side) or random.choice((1, -1))
    terms = instrument(symbol)
    mark, entry = Decimal(MARKS[symbol]), around(random, MARKS[symbol])
    usd = Decimal(random.randint(1_000, 1_500_000))
    if terms.kind.is_inverse:
        size = sign * (usd // 100 + 1)
        in_settle = abs(size) * 100 / mark
        cost = quotient(-size * 100, entry)
    else:
        size = sign * ((usd / mark).quantize(Decimal("0.001")) + 1)
        in_settle = abs(size) * mark
        cost = size * entry
    wallet = (in_settle / random.randint(2, 50)).quantize(Decimal("1e-8")) if isolated else None
    return Position(
        instrument=terms.instrument,
        position_side=side,
        margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
        size=size,
        cost=cost,
        leverage=random.choice((None, Decimal(3), Decimal(20), Decimal(125))),
        isolated_wallet=wallet,
    )


def order(random: Random, symbol: str) -> Order:
    return Order(
        instrument=subject_id(VENUE, symbol),
        order_id="1",
        position_side=PositionSide.BOTH,
        size=Decimal(random.choice((1, -2))),
        limit_price=Decimal(MARKS[symbol]),
        reduce_only=random.random() < 0.5,
    )


def bracket_table(random: Random, mark: Decimal) -> LeverageBrackets:
    """Up to five brackets on the notional in the coin, over the sizes that positions have."""
    edges = sorted(random.sample(range(1, 11), random.randint(0, 4)))
    floors = [Decimal(0), *((edge * 100_000 / mark).quantize(Decimal("0.1")) for edge in edges)]
    rates = sorted(Decimal(random.randint(4, 60)) / 1000 for _ in floors)
    rows = zip(floors, [*floors[1:], None], rates, deductions(floors, rates), strict=True)
    return LeverageBrackets(
        brackets=tuple(
            Bracket(floor=floor, cap=cap, maintenance_margin_rate=rate, deduction=deduction)
            for floor, cap, rate, deduction in rows
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
