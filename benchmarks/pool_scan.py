"""Speed of the pool book's scan: `python benchmarks/pool_scan.py [--ticks N] [--seed N]` prints one JSON line a case.

A seeded book of single-asset (70 %) and multi-assets pools over 50 instruments with 10-piece brackets, the default profile,
and a random walk of marks (1 bp a tick) with an asset index every hundredth tick. `ns_per_leg` divides by the leg touches.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor.book.pools import BoundaryRef, PoolBook, warm_up
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.profile import DESK
from monitor.rules.tape import Leg, Node, NodeMode, Piece, ScheduleKey, Tape

INSTRUMENTS, ASSETS = 50, 2


class Open:
    """A judge for a book without doubtful pools: nothing is reached, everything may go off."""

    def is_beyond(self, slot: int, boundary: BoundaryRef) -> bool:  # noqa: ARG002 - the protocol's signature
        """Not reached."""
        return False

    def may_release(self, slot: int) -> bool:  # noqa: ARG002 - the protocol's signature
        """Yes."""
        return True


def build(pools: int, random: np.random.Generator) -> tuple[PoolBook, npt.NDArray[np.float64], int]:
    """The book, the drivers' first prices, and how many legs it holds."""
    book = PoolBook([DESK.cross], Open())
    prices = np.concatenate([np.exp(random.uniform(-2, 11, INSTRUMENTS)), [1.0, 1.0]]).round(6)
    for index, price in enumerate(prices):
        book.declare_driver(index)
        book.set_price(index, float(price))
        book.set_weight(index, 1.0 + 0.5 * (index % 3) if index < INSTRUMENTS else 0.0)
    keys = [DriverKey(DriverKind.MARK, f"binance:{place}") for place in range(INSTRUMENTS)]
    assets = [DriverKey(DriverKind.ASSET_INDEX, f"binance:{place}") for place in range(ASSETS)]
    index_of = {key: place for place, key in enumerate((*keys, *assets))}
    for key in keys:
        book.set_schedule(_bracket(key), _pieces())
    for asset in assets:
        lowest, zero = Decimal("-Infinity"), Decimal(0)
        book.set_schedule(_bracket(asset), (Piece(lowest, Decimal("1.01"), zero), Piece(zero, Decimal("0.99"), zero)))
    legs = 0
    for rank in range(pools):
        tape = _tape(random, keys, assets, prices)
        legs += len(tape.legs)
        book.decide(book.load(tape, 0, -1, index_of.__getitem__, rank=rank))
    return book, prices, legs


def measure(pools: int, ticks: int, seed: int) -> dict[str, float | int | str]:
    """Load, then walk the same ticks in batches of 4096 and of 1."""
    random = np.random.default_rng(seed)
    began = time.perf_counter()
    book, prices, legs = build(pools, random)
    loaded = time.perf_counter() - began
    drivers = random.integers(0, INSTRUMENTS, ticks).astype(np.int32)
    drivers[::100] = INSTRUMENTS + random.integers(0, ASSETS, len(drivers[::100]))
    touches = sum(len(book.holders(int(driver))) for driver in drivers)
    walked = prices.copy()
    rows = np.empty(ticks)
    for row, driver in enumerate(drivers):
        walked[driver] *= 1 + random.normal(0, 1e-4 if driver < INSTRUMENTS else 1e-6)
        rows[row] = walked[driver]
    changes = 0
    began = time.perf_counter()
    for start in range(0, ticks, 4096):
        row, part = 0, slice(start, start + 4096)
        while row < len(rows[part]):
            row, found = book.apply_prices(drivers[part], rows[part], row)
            changes += len(found)
    seconds = time.perf_counter() - began
    alone = min(ticks, 20_000)
    began = time.perf_counter()
    for row in range(alone):
        book.apply_prices(drivers[row : row + 1], rows[row : row + 1], 0)
    one_by_one = time.perf_counter() - began
    return {
        "pools": pools,
        "legs": legs,
        "ticks": ticks,
        "seed": seed,
        "load_us_per_pool": round(loaded / pools * 1e6, 1),
        "ticks_per_second": round(ticks / seconds),
        "ticks_per_second_one_by_one": round(alone / one_by_one),
        "ns_per_leg": round(seconds / touches * 1e9, 1),
        "touches_per_tick": round(touches / ticks, 1),
        "level_changes": changes,
        "machine": platform.machine(),
    }


def _bracket(key: DriverKey) -> ScheduleKey:
    return ScheduleKey("binance", key.kind.value, key.subject)


def _pieces() -> tuple[Piece, ...]:
    pieces, offset, before = [], Decimal(0), Decimal(0)
    for step in range(10):
        start, rate = Decimal(50_000 * step * step), Decimal(4 + 5 * step) / 1000
        offset -= start * (rate - before)
        before = rate
        pieces.append(Piece(start, rate, offset))
    return tuple(pieces)


def _tape(random: np.random.Generator, keys: list[DriverKey], assets: list[DriverKey], prices: npt.NDArray[np.float64]) -> Tape:
    is_multi = random.random() < 0.3
    base = [Decimal(0)] * (9 if is_multi else 3)
    legs = []
    gross = 0.0
    for place in random.choice(INSTRUMENTS, random.integers(1, 10), replace=False):
        cell = 3 + 3 * int(random.integers(0, 2)) if is_multi else 0
        notional = float(np.exp(random.uniform(6, 12))) * random.choice([-1, 1])
        quantity = Decimal(str(round(notional / prices[place], 6)))
        gross += abs(notional)
        legs.append(
            Leg(keys[place], quantity, cell, cell + 1, cell + 2, _bracket(keys[place]), initial_rate=abs(quantity) / 10)
        )
        base[cell] -= quantity * Decimal(str(float(prices[place])))
    base[3 if is_multi else 0] += Decimal(str(round(gross * random.uniform(0.12, 1.5), 2)))
    nodes = tuple(
        Node(NodeMode.MAP, 3 + 3 * asset + cell, cell, schedule=_bracket(key), scale=key)
        for asset, key in enumerate(assets)
        for cell in range(3)
    )
    return Tape(tuple(base), tuple(legs), nodes if is_multi else (), "USD", None)


def main() -> None:
    """Print one JSON line for each size of the book."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=20211119)
    arguments = parser.parse_args()
    began = time.perf_counter()
    warm_up()
    print(json.dumps({"warm_up_seconds": round(time.perf_counter() - began, 2)}))
    for pools in (1_000, 10_000):
        print(json.dumps(measure(pools, arguments.ticks, arguments.seed)), flush=True)


if __name__ == "__main__":
    main()
