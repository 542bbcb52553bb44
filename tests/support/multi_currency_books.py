"""Random accounts of venues with a pool over all coins, with their tables and prices, and the cases that a pool stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode, MarginMode, PoolKind, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id, symbol_of
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.position_tiers import PositionTier, PositionTiers
from monitor.domain.report import PoolReport, PositionReport
from monitor.domain.tables import TableKind
from monitor.rules.coin_tiers import MAINTENANCE, ON
from monitor.rules.exact import quotient
from monitor.rules.schedules import borrow_schedule, collateral_schedule
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

Schedules = dict[ScheduleKey, tuple[Piece, ...]]
MARKS = {"BTCUSDT": "60000", "ETHUSDT": "3000", "XRPUSDT": "0.5", "BTCUSD_PERP": "60010", "ETHUSD_PERP": "3001"}
COINS = {"BTC": "60000", "ETH": "3000", "USDT": "1"}


@dataclass(frozen=True)
class MultiCurrencyBooks:
    """Accounts of a venue whose cross pool spans all coins."""

    venue: str
    modes: tuple[AccountMode, ...]
    given: tuple[str, ...] = ()
    has_isolated: bool = True
    has_loans: bool = False
    tiers_by_value: bool = False
    symbols: tuple[str, ...] = tuple(sorted(MARKS))
    tiers_by_size: bool = False
    has_hedge: bool = True

    @property
    def spans_coins(self) -> bool:
        """Whether accounts of some mode have a pool over all coins."""
        return self.modes != (AccountMode.SINGLE_CURRENCY,)

    @property
    def cases(self) -> int:
        """Kinds of pools by side, brackets, linear and inverse, and over all coins signs, slices, tiers, what is given."""
        kinds = self.spans_coins + self.has_isolated + (AccountMode.SINGLE_CURRENCY in self.modes)
        forms = len({symbol.endswith("_PERP") for symbol in self.symbols})
        return 2 * kinds + 5 + forms + (2 + 5 + 4 + len(self.given) + 1 if self.spans_coins else 0)

    def cases_of(self, pool: PoolHoldings, report: PoolReport, schedules: Schedules) -> Iterator[str]:
        """Which brackets, sides, slices and tiers a pool stands in, read off its holdings, tables and parts."""
        for position in report.positions:
            assert position.notional is not None
            yield f"{pool.kind.value} {position.side}"
            yield "inverse" if position.instrument.endswith("_PERP") else "linear"
            yield f"bracket {self._bracket_number(position, schedules)}"
        for part in report.parts:
            if part.figure == ("equity_value" if self.tiers_by_value else "equity"):
                yield "equity above 0" if part.amount > 0 else "equity below 0"
                if part.amount > 0 and part.name not in pool.not_collateral:
                    yield f"slice {number_of(schedules[collateral_schedule(self.venue, part.name, ON)], part.amount)}"
                if part.amount < 0 and not self.has_loans:
                    yield self._borrow_tier(part.name, part.amount, schedules)
        if pool.kind is PoolKind.CROSS and self.has_loans:
            for coin, amount in pool.borrowed.items():
                yield self._borrow_tier(coin, -amount, schedules)
        yield from (f"given {name}" for name in pool.venue_given)
        if pool.not_collateral:
            yield "a coin switched off"

    def _bracket_number(self, position: PositionReport, schedules: Schedules) -> int:
        assert position.notional is not None
        symbol = symbol_of(position.instrument)
        if self.tiers_by_size:
            return sum(position.size > tier.floor for tier in size_tiers(symbol).tiers) - 1
        return number_of(schedules[ScheduleKey(self.venue, "leverage_brackets", symbol)], position.notional)

    def _borrow_tier(self, coin: str, equity: Decimal, schedules: Schedules) -> str:
        tiers = schedules[borrow_schedule(self.venue, coin, MAINTENANCE)]
        return f"borrow tier {len(tiers) - number_of(tiers, equity) - 1}"

    def random_book(self, random: Random) -> Book:
        """One account with its tables and prices."""
        venue = self.venue
        tables, prices = tables_with_weights(), {}
        for symbol in self.symbols:
            mark = MARKS[symbol]
            put(tables, venue, TableKind.INSTRUMENT, symbol, instrument(venue, symbol))
            unit = Decimal(mark) if symbol.endswith("_PERP") else Decimal(1)
            if self.tiers_by_size:
                put(tables, venue, TableKind.POSITION_TIERS, symbol, size_tiers(symbol))
            else:
                put(tables, venue, TableKind.LEVERAGE_BRACKETS, symbol, bracket_table(random, unit=unit, edges=11))
            prices[DriverKey(DriverKind.MARK, subject_id(venue, symbol))] = around(random, mark)
        for coin, index in COINS.items():
            worth = Decimal(1) if self.tiers_by_value else Decimal(index)
            put(tables, venue, TableKind.COLLATERAL_TIERS, coin, collateral_table(random, Decimal(120_000) / worth))
            put(tables, venue, TableKind.BORROW_TIERS, coin, borrow_table(random, Decimal(12_000) / Decimal(index)))
            prices[DriverKey(DriverKind.ASSET_INDEX, subject_id(venue, coin))] = around(random, index)
        return Book(self._random_account(random), tables, prices)

    def _random_account(self, random: Random) -> AccountHoldings:
        hedge, mode = random.random() < 0.3 and self.has_hedge, random.choice(self.modes)
        symbols = random.sample(self.symbols, min(len(self.symbols), random.randint(0, 4)))
        loans = {coin: abs(balance(random, coin)) / 4 for coin in COINS if random.random() < 0.4} if self.has_loans else {}
        given = self.given if mode is not AccountMode.SINGLE_CURRENCY else ()
        return AccountHoldings(
            account=f"{self.venue}:desk",
            mode=mode,
            position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
            wallets={coin: balance(random, coin) for coin in COINS},
            borrowed=loans,
            not_collateral=tuple(coin for coin in sorted(COINS) if random.random() < 0.2),
            positions=tuple(held for symbol in symbols for held in self._positions(random, symbol, hedge=hedge)),
            orders=tuple(
                order(random, self.venue, symbol, Decimal(MARKS[symbol])) for symbol in symbols if random.random() < 0.1
            ),
            venue_given={name: Decimal(random.randint(0, 50_000)) for name in given if random.random() < 0.3},
        )

    def _positions(self, random: Random, symbol: str, *, hedge: bool) -> list[Position]:
        isolated = self.has_isolated and random.random() < 0.3
        held = sides(random, hedge=hedge)
        return [position(random, self.venue, symbol, side, sign, isolated=isolated) for side, sign in held]


def instrument(venue: str, symbol: str) -> Instrument:
    is_inverse = symbol.endswith("_PERP")
    coin = symbol[:3]
    return Instrument(
        instrument=subject_id(venue, symbol),
        kind=InstrumentKind.INVERSE_PERPETUAL if is_inverse else InstrumentKind.LINEAR_PERPETUAL,
        base=coin,
        quote="USD" if is_inverse else "USDT",
        settle_asset=coin if is_inverse else "USDT",
        contract_size=Decimal(100 if is_inverse else 1),
        size_step=Decimal("0.001"),
        price_step=Decimal("0.0001"),
    )


def size_tiers(symbol: str) -> PositionTiers:
    """Five tiers by size, over the sizes that positions have."""
    unit = Decimal(100) if symbol.endswith("_PERP") else Decimal(MARKS[symbol])
    floors = [Decimal(usd) // unit for usd in (0, 200_000, 500_000, 900_000, 1_200_000)]
    rows = zip(floors, [*floors[1:], None], ("0.004", "0.005", "0.01", "0.02", "0.05"), strict=True)
    return PositionTiers(
        tiers=tuple(PositionTier(floor=floor, cap=cap, maintenance_margin_rate=Decimal(rate)) for floor, cap, rate in rows)
    )


def balance(random: Random, coin: str) -> Decimal:
    """A balance worth up to some hundred thousands, or a debt of some ten thousands."""
    usd = random.randint(-60_000, 0) if random.random() < 0.2 else random.randint(0, 900_000)
    return (Decimal(usd) / Decimal(COINS[coin])).quantize(Decimal("0.00000001"))


def position(random: Random, venue: str, symbol: str, side: PositionSide, sign: int, *, isolated: bool) -> Position:
    terms = instrument(venue, symbol)
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
        taker_fee_rate=Decimal("0.0005"),
    )
