"""Random accounts of the plain book with their tables and prices, and the cases that a pool of one stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
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

VENUE = "generic"
MARKS = {"BTCUSDT": "60000", "ETHUSDT": "3000", "XRPUSDT": "0.5", "BTCUSD_PERP": "60010", "ETHUSD_PERP": "3001"}
COINS = {"BTC": "60000", "ETH": "3000", "USDT": "1"}


# Kinds of pools by side, brackets, linear and inverse, what parts say of equity and of what is borrowed.
CASES = 6 + 5 + 2 + 2 + 2 + 1


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    """Which brackets, sides and modes a pool stands in, read off its holdings, tables and parts."""
    for position in report.positions:
        assert position.notional is not None
        yield f"{pool.kind.value} {position.side}"
        yield "inverse" if position.instrument.endswith("_PERP") else "linear"
        brackets = schedules[ScheduleKey(VENUE, "leverage_brackets", symbol_of(position.instrument))]
        yield f"bracket {number_of(brackets, position.notional)}"
    for part in report.parts:
        if part.figure == "collateral_value":
            yield "equity above 0" if part.amount > 0 else "equity below 0"
        elif part.figure == "maintenance_margin" and not part.name.startswith("positions in"):
            yield "others" if part.name.startswith("positions that") else "borrowed"
    if pool.not_collateral:
        yield "a coin switched off"


def random_book(random: Random) -> Book:
    tables, prices = tables_with_weights(), {}
    for symbol, mark in MARKS.items():
        put(tables, VENUE, TableKind.INSTRUMENT, symbol, instrument(symbol))
        unit = Decimal(mark) if symbol.endswith("_PERP") else Decimal(1)
        put(tables, VENUE, TableKind.LEVERAGE_BRACKETS, symbol, bracket_table(random, unit=unit, edges=11))
        prices[DriverKey(DriverKind.MARK, subject_id(VENUE, symbol))] = around(random, mark)
    for coin, index in COINS.items():
        put(tables, VENUE, TableKind.COLLATERAL_TIERS, coin, collateral_table(random, Decimal(500_000) / Decimal(index)))
        put(tables, VENUE, TableKind.BORROW_TIERS, coin, borrow_table(random, Decimal(100_000) / Decimal(index)))
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
        orders=tuple(order(random, VENUE, symbol, Decimal(MARKS[symbol])) for symbol in symbols if random.random() < 0.1),
    )
    if account.mode is AccountMode.MULTI_CURRENCY and random.random() < 0.3:
        account = replace(account, venue_given={"other_maintenance_margin": Decimal(random.randint(0, 50_000))})
    return Book(account, tables, prices)


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


def balance(random: Random, coin: str) -> Decimal:
    """A balance of either sign worth up to some hundred thousands."""
    return (Decimal(random.randint(-60_000, 900_000)) / Decimal(COINS[coin])).quantize(Decimal("0.00000001"))


def positions(random: Random, symbol: str, *, hedge: bool) -> list[Position]:
    isolated = random.random() < 0.3
    return [position(random, symbol, side, sign, isolated=isolated) for side, sign in sides(random, hedge=hedge)]


def position(random: Random, symbol: str, side: PositionSide, sign: int, *, isolated: bool) -> Position:
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
