"""The compile boundary: the venue-neutral form, in Decimals, into which every margin mode compiles.

A pool is a short tape: cells (accumulators), legs that add into cells, and nodes that read finished cells and add into
later ones. Cells 0, 1, 2 are C (collateral value), M (maintenance margin), I (initial margin). The book loads a tape and
rounds each number once; nothing else crosses from the rules into the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from monitor.domain.ids import DriverKey

COLLATERAL_CELL = 0
MAINTENANCE_CELL = 1
INITIAL_CELL = 2
NO_CELL = -1


class Piece(NamedTuple):
    """One piece of a schedule: `f(x) = slope * x + offset` from `start` up to the next piece's start.

    The first piece of a schedule on signed input starts at `Decimal("-Infinity")`, of one on notionals at 0.
    """

    start: Decimal
    slope: Decimal
    offset: Decimal


class ScheduleKey(NamedTuple):
    """Names a schedule that pools share: replaced in place when its table changes."""

    venue: str
    kind: str
    symbol: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One position: `x[value_cell] += q*p`, `x[margin_cell] += f(|q*p|) + extra*p`, `x[initial_cell] += initial*p`.

    `quantity` q is signed, in units of the pool's cell currency per unit of the driver; `schedule` f is None for none.
    The driver p may be a derived one: its exposure in the stress notional then counts with the sign of its source's move.
    """

    driver: DriverKey
    quantity: Decimal
    value_cell: int = NO_CELL
    margin_cell: int = NO_CELL
    initial_cell: int = NO_CELL
    schedule: ScheduleKey | None = None
    extra_margin: Decimal = Decimal(0)
    initial_rate: Decimal = Decimal(0)


class NodeMode(Enum):
    """MAP: `x[d+k] += w*Y*f(x[i+k])` for each k. MAX: `x[d] += w*Y*f(max_k x[i+k])`."""

    MAP = 0
    MAX = 1


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a program. `scale` Y is a driver's value, None for 1; `schedule` f is None for the identity."""

    mode: NodeMode
    source_cell: int
    target_cell: int
    width: int = 1
    schedule: ScheduleKey | None = None
    scale: DriverKey | None = None
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The venue's liquidation trigger: `a*C - b*M` at or below 0 (below 0 when strict; only with M > 0 when `needs_margin`)."""

    collateral_factor: Decimal = Decimal(1)
    margin_factor: Decimal = Decimal(1)
    strict: bool = False
    needs_margin: bool = False


@dataclass(frozen=True, slots=True)
class Tape:
    """One compiled pool. `base` has one constant a cell, exact; legs and nodes are in canonical order.

    `unit` is the driver that converts the pool's margin currency to USD (None: the currency is USD); it enters no level.
    `initial_margin_reason` says why cell 2 is not the pool's initial margin (a leverage is not known), None when it is.
    `rounding` is the bound of the venue's own rounding R in the margin currency.
    """

    base: tuple[Decimal, ...]
    legs: tuple[Leg, ...]
    program: tuple[Node, ...]
    margin_currency: str
    unit: DriverKey | None
    trigger: Trigger = Trigger()
    rounding: Decimal = Decimal(0)
    verified: bool = True
    initial_margin_reason: str | None = None
