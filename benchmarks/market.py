"""The market and the book that the daemon benchmarks share: seeded accounts, and prices that wander for ever without a jump."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from monitor.domain.account import AccountMode, PositionMode, PositionSide
from monitor.domain.events import AccountDeclared, AccountEventType, AccountState, PositionState, WalletState
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import Bracket, LeverageBrackets, TableChanged, TableKey, TableKind, TableVersion

VENUE = "binance_usdm"
SYMBOLS = 60
POSITIONS = 5
RING = 120_000
"""Ticks before the prices turn back: the ring is walked forwards, then backwards."""

STEP = 0.0001
"""A tick moves its mark by about one basis point, and a little back towards its start."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark price as printed, of symbol number `symbol`."""

    symbol: int
    printed: str


def symbol_name(symbol: int) -> str:
    """The venue's name of a symbol."""
    return f"T{symbol:03d}USDT"


def first_prices(seed: int = 1) -> list[float]:
    """The price of each symbol at the start, quote per base."""
    source = random.Random(seed)
    return [round(source.uniform(20, 5_000), 2) for _ in range(SYMBOLS)]


def ring(seed: int = 1) -> list[Tick]:
    """Ticks that may be repeated for ever: no symbol jumps where the ring closes."""
    source = random.Random(seed + 1)
    start = first_prices(seed)
    now = list(start)
    forwards = [Tick(symbol, f"{price:.2f}") for symbol, price in enumerate(now)]
    while len(forwards) < RING // 2:
        symbol = source.randrange(SYMBOLS)
        pull = 0.001 * (start[symbol] / now[symbol] - 1)
        now[symbol] *= 1 + pull + source.gauss(0, STEP)
        forwards.append(Tick(symbol, f"{now[symbol]:.2f}"))
    return forwards + forwards[::-1]


def tables(now_ns: int) -> list[TableChanged]:
    """The instrument and the brackets of every symbol."""
    changed = []
    for symbol in range(SYMBOLS):
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
        changed.append(_table(TableKind.INSTRUMENT, name, instrument, now_ns))
        changed.append(_table(TableKind.LEVERAGE_BRACKETS, name, _brackets(), now_ns))
    return changed


def opening(accounts: int, now_ns: int, seed: int = 1) -> Iterator[AccountEventType]:
    """A declaration and a complete state of each account: five positions, and a wallet for a buffer of 1 to 100 %."""
    source = random.Random(seed + 2)
    start = first_prices(seed)
    for number in range(accounts):
        header = _header(f"{VENUE}:bench{number:06d}", now_ns)
        positions, exposure, margin = [], 0.0, 0.0
        for symbol in source.sample(range(SYMBOLS), POSITIONS):
            size = round(source.choice((-1, 1)) * source.uniform(1_000, 20_000) / start[symbol], 3)
            exposure += size * start[symbol]
            margin += 0.004 * abs(size) * start[symbol]
            positions.append(_position(symbol, size, start[symbol]))
        stress = 2.1 * max(abs(exposure), 3_000.0)
        wallet = margin + stress * 10 ** source.uniform(-2, 0)
        yield AccountDeclared(**header, mode=AccountMode.SINGLE_CURRENCY, position_mode=PositionMode.ONE_WAY)
        balance = WalletState(asset="USDT", balance=Decimal(f"{wallet:.6f}"))
        yield AccountState(**header, complete=True, positions=tuple(positions), wallets=(balance,))


def _position(symbol: int, size: float, price: float) -> PositionState:
    return PositionState(
        instrument=f"{VENUE}:{symbol_name(symbol)}",
        position_side=PositionSide.BOTH,
        size=Decimal(f"{size:.3f}"),
        entry_price=Decimal(f"{price:.2f}"),
    )


def _header(account: str, now_ns: int) -> dict[str, Any]:
    return {
        "account": account,
        "event_id": "open",
        "ts_event_ns": now_ns,
        "ts_recv_ns": now_ns,
        "source": "bench",
        "source_epoch": 0,
        "account_seq": 1,
    }


def _brackets() -> LeverageBrackets:
    low, high, floor = Decimal("0.004"), Decimal("0.01"), Decimal(50_000)
    first = Bracket(floor=Decimal(0), cap=floor, maintenance_margin_rate=low, deduction=Decimal(0))
    second = Bracket(floor=floor, cap=None, maintenance_margin_rate=high, deduction=floor * (high - low))
    return LeverageBrackets(brackets=(first, second))


def _table(kind: TableKind, name: str, table: Instrument | LeverageBrackets, now_ns: int) -> TableChanged:
    version = TableVersion(version="1", effective_ns=0, table=table, source="generated")
    return TableChanged(key=TableKey(VENUE, kind, name), versions=(version,), ts_recv_ns=now_ns)
