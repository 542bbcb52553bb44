"""A book of accounts, fills and ticks for Kafka, and the levels that follow from them, recomputed by arithmetic of its own.

Nothing here is shared with the monitor but the words of the domain: amounts are integers in units of 1e-16 USDT, so that
every boundary is decided exactly. Single-currency, one-way, cross-margined linear perpetuals with two brackets; profile `desk`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from monitor.domain.account import AccountMode, PositionMode
from monitor.domain.events import AccountDeclared, AccountEventType, AccountState, Fill, WalletState
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import Bracket, LeverageBrackets, TableChanged, TableKey, TableKind, TableVersion

VENUE = "binance_usdm"
# Prices are in 1e-2, sizes in 1e-3, wallets and costs in 1e-12: so much makes units of 1e-16 of them.
NOTIONAL_UNIT = 10**11
WALLET_UNIT = 10**4
# Rates in 1e-4 of a notional in 1e-5; deductions follow from continuity.
FLOOR = 50_000 * 10**5
LOW_RATE, HIGH_RATE = 40, 100
MARGIN_UNIT = 10**7
# Every symbol here is unlisted in the class weights: 2.1, in 1e-1.
WEIGHT = 21
# Level: (ratio enter, leave in 1e-2; buffer enter, leave in 1e-2); None = off. The profile `desk` of contract 1.
DESK: tuple[tuple[tuple[int, int] | None, tuple[int, int] | None], ...] = (
    (None, (15, 30)),
    (None, (10, 20)),
    ((80, 72), (5, 10)),
    ((100, 95), None),
)


# A fill at or before the venue time of a complete state is contained in it: the accounts were opened earlier.
OPENED_BEFORE_NS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark price as printed, of symbol number `symbol`; `price` in 1e-2."""

    symbol: int
    price: int

    @property
    def printed(self) -> str:
        """The price as the venue would print it."""
        return f"{self.price // 100}.{self.price % 100:02d}"


@dataclass(slots=True)
class Account:
    """One account: wallet in 1e-12 USDT; per symbol the signed size (1e-3) and cost (1e-12)."""

    name: str
    wallet: int
    sizes: dict[int, int] = field(default_factory=dict)
    costs: dict[int, int] = field(default_factory=dict)
    level: int | None = None


def symbol_name(symbol: int) -> str:
    """The venue's name of a symbol."""
    return f"T{symbol:03d}USDT"


def driver(symbol: int) -> DriverKey:
    """The mark of a symbol."""
    return DriverKey(DriverKind.MARK, f"{VENUE}:{symbol_name(symbol)}")


class Recomputation:
    """The levels of every account after each fill and tick, from the definition: no state is carried but the level itself."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.marks: dict[int, int] = {}
        self._holders: dict[int, set[str]] = {}

    def open(self, name: str, wallet: int) -> None:
        """An account with a wallet in 1e-12 USDT and no position."""
        self.accounts[name] = Account(name, wallet)

    def fill(self, name: str, symbol: int, size: int, price: int, pnl: int, fee: int) -> tuple[str, int | None, int] | None:
        """Apply a fill (`pnl` and `fee` as printed, in 1e-12); returns (account, old, new) when the level changed."""
        account = self.accounts[name]
        before = account.sizes.get(symbol, 0)
        account.sizes[symbol] = before + size
        # The cost that a reduction releases is what the printed profit says: proceeds less profit.
        account.costs[symbol] = account.costs.get(symbol, 0) + size * price * 10**7 + pnl
        account.wallet += pnl - fee
        holders = self._holders.setdefault(symbol, set())
        if account.sizes[symbol] == 0:
            account.sizes.pop(symbol)
            assert account.costs.pop(symbol) == 0, "a closed position has no cost left"
            holders.discard(name)
        else:
            holders.add(name)
        return self._decide(account)

    def tick(self, tick: Tick) -> list[tuple[str, int | None, int]]:
        """Apply a mark; returns (account, old, new) of every account that changed its level, sorted by account."""
        self.marks[tick.symbol] = tick.price
        changes = (self._decide(self.accounts[name]) for name in sorted(self._holders.get(tick.symbol, ())))
        return [change for change in changes if change is not None]

    def figures(self, account: Account) -> tuple[int, int, int] | None:
        """Collateral value, maintenance margin and stress notional in 1e-16 USDT (the last times 20), None without a mark."""
        collateral, margin, net, largest = account.wallet * WALLET_UNIT, 0, 0, 0
        for symbol, size in account.sizes.items():
            mark = self.marks.get(symbol)
            if mark is None:
                return None
            notional = size * mark
            collateral += notional * NOTIONAL_UNIT - account.costs[symbol] * WALLET_UNIT
            margin += _margin(abs(notional))
            net += notional
            largest = max(largest, abs(notional))
        # Weight 2.1 in tenths, and twice everything for the half: 20 * A.
        return collateral, margin, WEIGHT * max(2 * abs(net), largest) * NOTIONAL_UNIT

    def _decide(self, account: Account) -> tuple[str, int | None, int] | None:
        figures = self.figures(account)
        if figures is None:
            return None
        old = account.level
        # Without a position a pool is OK unless its balance is negative: then it is valued (contract 1).
        is_valued = bool(account.sizes) or account.wallet < 0
        account.level = _level(-1 if old is None else old, *figures) if is_valued else 0
        return None if account.level == old else (account.name, old, account.level)


def _margin(notional: int) -> int:
    low = min(notional, FLOOR) * LOW_RATE
    return (low + max(0, notional - FLOOR) * HIGH_RATE) * MARGIN_UNIT


def _level(current: int, collateral: int, margin: int, stress_20: int) -> int:
    level = 0
    for switch, (ratio, buffer) in enumerate(DESK, start=1):
        is_on = switch <= current
        beyond_ratio = ratio is not None and ratio[is_on] * collateral - 100 * margin <= 0
        beyond_buffer = buffer is not None and 2000 * (collateral - margin) - buffer[is_on] * stress_20 <= 0
        if beyond_ratio or beyond_buffer:
            level = switch
    return level


@dataclass(frozen=True, slots=True)
class PlannedFill:
    """A fill as the generator made it: integers for the recomputation, `event` for the wire."""

    account: str
    symbol: int
    size: int
    price: int
    pnl: int
    fee: int
    event: Fill


class KafkaBook:
    """A seeded book: tables, what opens the accounts, and a mixed stream of fills and ticks."""

    def __init__(self, *, accounts: int, fills: int, ticks: int, symbols: int = 60, seed: int = 1, now_ns: int) -> None:
        self._random = random.Random(seed)
        self._fills, self._ticks, self._symbols = fills, ticks, symbols
        self._now_ns = now_ns
        self.names = [f"{VENUE}:acc{number:05d}" for number in range(accounts)]
        self._wallets = {name: self._random.randrange(2_000, 20_000) * 10**12 for name in self.names}
        self._prices = [self._random.randrange(1_000, 500_000) for _ in range(symbols)]
        self._favourites = {name: self._random.sample(range(symbols), 2) for name in self.names}
        self._open: dict[tuple[str, int], tuple[int, int]] = {}

    def tables(self) -> list[TableChanged]:
        """The instrument and the brackets of every symbol."""
        tables: list[TableChanged] = []
        for symbol in range(self._symbols):
            name = symbol_name(symbol)
            instrument = Instrument(
                instrument=f"{VENUE}:{name}",
                kind=InstrumentKind.LINEAR_PERPETUAL,
                base=name.removesuffix("USDT"),
                quote="USDT",
                settle_asset="USDT",
                size_step=Decimal("0.001"),
                price_step=Decimal("0.01"),
            )
            tables.append(self._table(TableKind.INSTRUMENT, name, instrument))
            tables.append(self._table(TableKind.LEVERAGE_BRACKETS, name, _brackets()))
        return tables

    def opening(self) -> list[AccountEventType]:
        """A declaration and a complete state of each account."""
        events: list[AccountEventType] = []
        for name in self.names:
            header = _header(name, "open", self._now_ns - OPENED_BEFORE_NS)
            declared = AccountDeclared(**header, mode=AccountMode.SINGLE_CURRENCY, position_mode=PositionMode.ONE_WAY)
            wallet = WalletState(asset="USDT", balance=_amount(self._wallets[name]))
            events += [declared, AccountState(**header, complete=True, wallets=(wallet,))]
        return events

    def recomputation(self) -> Recomputation:
        """A recomputation with the accounts opened."""
        recomputation = Recomputation()
        for name in self.names:
            recomputation.open(name, self._wallets[name])
        return recomputation

    def stream(self) -> Iterator[PlannedFill | Tick]:
        """First one tick of each symbol, then fills and ticks mixed by the seed."""
        for symbol, price in enumerate(self._prices):
            yield Tick(symbol, price)
        kinds = [True] * self._fills + [False] * (self._ticks - self._symbols)
        self._random.shuffle(kinds)
        for number, is_fill in enumerate(kinds):
            yield self._fill(number) if is_fill else self._tick()

    def _tick(self) -> Tick:
        symbol = self._random.randrange(self._symbols)
        step = round(self._prices[symbol] * self._random.gauss(0, 0.01))
        self._prices[symbol] = max(100, self._prices[symbol] + step)
        return Tick(symbol, self._prices[symbol])

    def _fill(self, number: int) -> PlannedFill:
        name = self._random.choice(self.names)
        symbol = self._random.choice(self._favourites[name])
        price = self._prices[symbol]
        size, cost = self._open.get((name, symbol), (0, 0))
        # Towards a gross notional of 2 to 8 wallets; every third fill of an open position reduces or closes it.
        if size and self._random.random() < 0.35:
            traded = -size if self._random.random() < 0.3 else -(size // 2 or size)
            released = _half_even(Fraction(cost * -traded, size))
        else:
            target = self._wallets[name] * self._random.randrange(50, 300) // 100 // 10**7 // price
            traded = max(1, target) * ((1 if size > 0 else -1) if size else self._random.choice((1, -1)))
            released = 0
        # Profit = proceeds less the cost that was released, both signed with the position.
        pnl = -traded * price * 10**7 - released if released else 0
        fee = abs(traded) * price * 10**7 // 2500
        kept = (size + traded, cost + traded * price * 10**7 + pnl)
        self._open[name, symbol] = kept
        event = Fill(
            **_header(name, f"fill-{number}", self._now_ns),
            instrument=f"{VENUE}:{symbol_name(symbol)}",
            trade_id=str(number),
            order_id=str(number),
            size=Decimal(traded).scaleb(-3),
            fill_price=Decimal(price).scaleb(-2),
            fee=_amount(fee),
            fee_asset="USDT",
            realised_pnl=_amount(pnl),
        )
        return PlannedFill(name, symbol, traded, price, pnl, fee, event)

    def _table(self, kind: TableKind, name: str, table: Instrument | LeverageBrackets) -> TableChanged:
        version = TableVersion(version="1", effective_ns=0, table=table, source="generated")
        return TableChanged(key=TableKey(VENUE, kind, name), versions=(version,), ts_recv_ns=self._now_ns)


def _header(account: str, event_id: str, now_ns: int) -> dict[str, Any]:
    """The fields of every event; the source puts its own name, epoch and number."""
    return {
        "account": account,
        "event_id": event_id,
        "ts_event_ns": now_ns,
        "ts_recv_ns": now_ns,
        "source": "generated",
        "source_epoch": 0,
        "account_seq": 1,
    }


def _brackets() -> LeverageBrackets:
    low, high = Decimal(LOW_RATE).scaleb(-4), Decimal(HIGH_RATE).scaleb(-4)
    floor = Decimal(50_000)
    first = Bracket(floor=Decimal(0), cap=floor, maintenance_margin_rate=low, deduction=Decimal(0))
    second = Bracket(floor=floor, cap=None, maintenance_margin_rate=high, deduction=floor * (high - low))
    return LeverageBrackets(brackets=(first, second))


def _amount(units: int) -> Decimal:
    return Decimal(units).scaleb(-12)


def _half_even(value: Fraction) -> int:
    return round(value)
