"""Memory of the ledger at a hundred thousand accounts of five positions each, extrapolated to a million.

    python benchmarks/ledger_memory.py [accounts]

Resident memory before and after, by the operating system's own count; each account is opened by a complete state with one
wallet, five positions, leverage and one isolated wallet, then gets one fill (its id and its recent change are kept).
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from monitor.book.ledger import Ledger
from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.events import AccountDeclared, AccountState, Fill, PositionState, WalletState
from monitor.domain.instrument import Instrument, InstrumentKind

POSITIONS = 5
INSTRUMENTS = 50
TARGET_ACCOUNTS = 1_000_000
TARGET_BYTES = 600 * 10**6


def main() -> None:
    """Print bytes an account after the states and after one fill each."""
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    ledger = Ledger()
    symbols = [f"broker:C{number:02d}USDT" for number in range(INSTRUMENTS)]
    for symbol in symbols:
        ledger.set_instrument(_instrument(symbol))
    gc.collect()
    start = _resident_bytes()
    for number in range(accounts):
        _open(ledger, number, symbols)
    gc.collect()
    opened = _resident_bytes() - start
    began = time.perf_counter()
    for number in range(accounts):
        ledger.apply_fill(_fill(number, symbols[number % INSTRUMENTS]))
    seconds = time.perf_counter() - began
    gc.collect()
    filled = _resident_bytes() - start
    scaled = opened / accounts * TARGET_ACCOUNTS
    print(f"held: {opened / accounts:.0f} bytes an account, {scaled / 1e6:.0f} MB at {TARGET_ACCOUNTS:,} accounts")
    # Not extrapolated: recent changes are bounded over all accounts, ids end with the next agreed state.
    print(f"one recent fill each (id and change): {(filled - opened) / accounts:.0f} bytes more an account")
    print(f"target {TARGET_BYTES / 1e6:.0f} MB; a fill with its event object {seconds / accounts * 1e6:.1f} us")
    print(f"peak resident {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB at {accounts:,} accounts")


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        instrument=symbol,
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base="C",
        quote="USDT",
        settle_asset="USDT",
        size_step=Decimal("0.001"),
        price_step=Decimal("0.1"),
    )


def _event(number: int, ts_event_ns: int) -> dict[str, Any]:
    return {
        "account": f"broker:client-{number:07d}",
        "ts_event_ns": ts_event_ns,
        "ts_recv_ns": ts_event_ns,
        "source": "benchmark",
        "source_epoch": 1,
        "account_seq": 1,
    }


def _open(ledger: Ledger, number: int, symbols: list[str]) -> None:
    event = _event(number, 10**9)
    mode, position_mode = AccountMode.SINGLE_CURRENCY, PositionMode.ONE_WAY
    ledger.declare(AccountDeclared(**event, mode=mode, position_mode=position_mode))
    positions = tuple(
        PositionState(
            instrument=symbols[(number + 7 * index) % INSTRUMENTS],
            position_side=PositionSide.BOTH,
            size=Decimal(number % 9000 + index + 1).scaleb(-3),
            entry_price=Decimal("43210.12345"),
            margin_mode=MarginMode.ISOLATED if index == 0 else MarginMode.CROSS,
            isolated_wallet=Decimal("321.12345678") if index == 0 else None,
            leverage=Decimal(20),
        )
        for index in range(POSITIONS)
    )
    wallets = (WalletState(asset="USDT", balance=Decimal("10000.12345678")),)
    ledger.adopt(AccountState(**event, complete=True, positions=positions, wallets=wallets))


def _fill(number: int, symbol: str) -> Fill:
    return Fill(
        **_event(number, 2 * 10**9),
        instrument=symbol,
        trade_id=str(number),
        order_id=str(number),
        size=Decimal("0.5"),
        fill_price=Decimal("43000.1"),
        fee=Decimal("0.01"),
        fee_asset="USDT",
    )


def _resident_bytes() -> int:
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
