"""Random accounts of the portfolio book with their grids, classes and arrays, and the cases that a pool stands in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode
from monitor.domain.holdings import PoolHoldings
from monitor.domain.report import PoolReport
from monitor.domain.scenario_tables import ConcentrationTier, RiskArray, RiskClass, Scenario, ScenarioGrid
from monitor.domain.tables import TableKind
from monitor.rules.tables import TableSet
from monitor.rules.tape import Piece, ScheduleKey
from tests.support.multi_currency_books import MultiCurrencyBooks
from tests.support.random_books import Book, put

VENUE = "generic_portfolio"
BOOKS = MultiCurrencyBooks(VENUE, (AccountMode.PORTFOLIO,), has_isolated=False)
MOVES = ("0", "0.5", "-0.5", "1", "-1", "2", "-2")
LADDER = ScenarioGrid(
    scenarios=tuple(
        Scenario(name=f"{move} of the scan", move=Decimal(move), share=Decimal("0.35" if abs(int(float(move))) == 2 else "1"))
        for move in MOVES
    ),
    initial_factor=Decimal("1.25"),
)

# Sides, linear and inverse, hurt by a rise or a fall, arrays, two classes at once, charges of two kinds.
CASES = 2 + 2 + 2 + 1 + 1 + 2


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    """What a pool's positions are, and which scenarios hurt it, read off its parts."""
    for position in report.positions:
        yield f"{pool.kind.value} {position.side}"
        yield "inverse" if position.instrument.endswith("_PERP") else "linear"
        if position.instrument.endswith("XRPUSDT"):
            yield "array"
    scans = [part for part in report.parts if part.figure == "maintenance_margin" and part.name.startswith("scan risk")]
    for part in scans:
        yield "hurt by a fall" if ": -" in part.formula else "hurt by a rise"
    classes = {part.name.partition(" ")[0] for part in report.parts if part.figure == "scenario_loss"}
    if {"BTC", "ETH"} <= classes:
        yield "two classes netted"
    for part in report.parts:
        if part.figure == "maintenance_margin" and part.name.startswith(("concentration", "liquidity")):
            yield part.name.partition(" ")[0]


def random_book(random: Random) -> Book:
    book = BOOKS.random_book(random)
    put_grid(random, book.tables)
    # Larger wallets: a whole grid needs more than brackets do.
    wallets = {coin: balance * 2 for coin, balance in book.account.wallets.items()}
    return replace(book, account=replace(book.account, wallets=wallets))


def put_grid(random: Random, tables: TableSet) -> None:
    put(tables, VENUE, TableKind.SCENARIO_GRID, "ladder", LADDER)
    for base in ("BTC", "ETH", "XRP"):
        put(tables, VENUE, TableKind.RISK_CLASS, base, risk_class(random, base))
    gains = tuple(Decimal(random.randint(-50, 50)) / 1000 for _ in MOVES)
    put(tables, VENUE, TableKind.RISK_ARRAY, "XRPUSDT", RiskArray(grid="ladder", gains=gains))


def risk_class(random: Random, base: str) -> RiskClass:
    """BTC and ETH net by a share of their gains; positions of XRP have a published array."""
    if base == "XRP":
        return RiskClass(grid="ladder")
    floors = sorted(random.sample(range(1, 20), 2))
    return RiskClass(
        grid="ladder",
        scan_rate=Decimal(random.randint(3, 15)) / 100,
        group=random.choice(("majors", "majors", "")),
        offset=Decimal(random.randint(0, 10)) / 10,
        liquidity_rate=Decimal(random.choice((0, 1, 2))) / 1000,
        concentration=tuple(
            ConcentrationTier(floor=Decimal(floor * 100_000), rate=Decimal(place + 1) / 100)
            for place, floor in enumerate(floors)
        ),
    )
