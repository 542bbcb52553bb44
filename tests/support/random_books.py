"""What random accounts of every venue are made of: tables and prices of one order of size, so that all cases occur."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from monitor.domain.account import PositionSide
from monitor.domain.holdings import AccountHoldings, Order
from monitor.domain.ids import DriverKey, subject_id
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
from monitor.rules.tape import Piece


@dataclass(frozen=True)
class Book:
    """One account with all that values it."""

    account: AccountHoldings
    tables: TableSet
    prices: dict[DriverKey, Decimal]

    def price(self, driver: DriverKey) -> Decimal | None:
        return self.prices.get(driver)


def tables_with_weights() -> TableSet:
    tables = TableSet()
    tables.put(CLASS_WEIGHTS_KEY, load_class_weights())
    return tables


def put(tables: TableSet, venue: str, kind: TableKind, symbol: str, table: Table) -> None:
    tables.put(TableKey(venue, kind, symbol), TableVersion(version="v1", effective_ns=0, table=table, source="test"))


def around(random: Random, centre: str) -> Decimal:
    return (Decimal(centre) * random.randint(900, 1100) / 1000).quantize(Decimal("0.0001"))


def sides(random: Random, *, hedge: bool) -> Iterator[tuple[PositionSide, int]]:
    """The position sides that an account holds of one instrument, each with the sign of its size."""
    if not hedge:
        yield PositionSide.BOTH, random.choice((1, -1))
        return
    for side, sign in ((PositionSide.LONG, 1), (PositionSide.SHORT, -1)):
        if random.random() < 0.8:
            yield side, sign


def order(random: Random, venue: str, symbol: str, limit_price: Decimal | None) -> Order:
    return Order(
        instrument=subject_id(venue, symbol),
        order_id=symbol,
        position_side=PositionSide.BOTH,
        size=Decimal(random.choice((1, -2))),
        limit_price=limit_price,
        reduce_only=random.random() < 0.5,
    )


def number_of(pieces: tuple[Piece, ...], x: Decimal) -> int:
    """Which piece of a schedule holds `x`, from 0."""
    return sum(piece.start <= x for piece in pieces) - 1


def bracket_table(random: Random, *, unit: Decimal = Decimal(1), edges: int = 25) -> LeverageBrackets:
    """Up to five brackets on the notional, over the sizes that positions have; `unit`: what a notional of 1 is worth."""
    chosen = sorted(random.sample(range(1, edges), random.randint(0, 4)))
    floors = [Decimal(0), *((edge * 100_000 / unit).quantize(Decimal("0.1")) for edge in chosen)]
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
