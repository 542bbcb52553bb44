"""Every venue with random accounts: what the property tests of rules, solve and columns run over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from random import Random

from monitor.domain.account import AccountMode, PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.domain.report import PoolReport
from monitor.rules.class_weights import weight_of_driver
from monitor.rules.fraction_tape import TapeFigures
from monitor.rules.registry import rulebook_of
from monitor.rules.rulebook import Missing, PoolFigures, Rulebook
from monitor.rules.tape import Piece, ScheduleKey, Tape
from tests.property.pools_oracle import Market
from tests.support import (
    binance_coinm_books,
    binance_usdm_books,
    bybit_books,
    deribit_books,
    dydx_books,
    netting_books,
    portfolio_books,
)
from tests.support.multi_currency_books import MultiCurrencyBooks
from tests.support.random_books import Book

Schedules = dict[ScheduleKey, tuple[Piece, ...]]


@dataclass(frozen=True)
class VenueBooks:
    """The accounts of a venue. `cases_of` names the cases that a pool stands in; all `cases` of them must occur."""

    random_book: Callable[[Random], Book]
    cases_of: Callable[[PoolHoldings, PoolReport, Schedules], Iterator[str]]
    cases: int
    kinds: frozenset[PoolKind]
    count: int = 700

    def books(self, seed: str, count: int) -> Iterator[Book]:
        random = Random(seed)
        return (self.random_book(random) for _ in range(count))


def over_all_coins(books: MultiCurrencyBooks, kinds: frozenset[PoolKind]) -> VenueBooks:
    return VenueBooks(books.random_book, books.cases_of, books.cases, kinds, count=1000)


VENUES = {
    "binance_coinm": VenueBooks(
        binance_coinm_books.random_book,
        binance_coinm_books.cases_of,
        binance_coinm_books.CASES,
        frozenset({PoolKind.CROSS_ASSET, PoolKind.ISOLATED}),
    ),
    "binance_usdm": VenueBooks(
        binance_usdm_books.random_book, binance_usdm_books.cases_of, binance_usdm_books.CASES, frozenset(PoolKind)
    ),
    "bybit": VenueBooks(
        bybit_books.random_book,
        bybit_books.cases_of,
        bybit_books.CASES,
        frozenset({PoolKind.CROSS, PoolKind.ISOLATED}),
        count=2000,
    ),
    "binance_pm": over_all_coins(
        MultiCurrencyBooks(
            "binance_pm",
            (AccountMode.PORTFOLIO,),
            given=("open_loss", "other_maintenance_margin"),
            has_isolated=False,
            has_loans=True,
        ),
        frozenset({PoolKind.CROSS}),
    ),
    "bitget": over_all_coins(
        MultiCurrencyBooks("bitget", (AccountMode.MULTI_CURRENCY,), has_isolated=False, tiers_by_value=True),
        frozenset({PoolKind.CROSS}),
    ),
    "generic": over_all_coins(
        MultiCurrencyBooks(
            "generic",
            (AccountMode.MULTI_CURRENCY, AccountMode.MULTI_CURRENCY, AccountMode.SINGLE_CURRENCY),
            given=("other_maintenance_margin",),
        ),
        frozenset(PoolKind),
    ),
    "hyperliquid": over_all_coins(
        MultiCurrencyBooks(
            "hyperliquid", (AccountMode.SINGLE_CURRENCY,), symbols=("BTCUSDT", "ETHUSDT", "XRPUSDT"), has_hedge=False
        ),
        frozenset({PoolKind.CROSS_ASSET, PoolKind.ISOLATED}),
    ),
    "kraken_futures": over_all_coins(
        MultiCurrencyBooks("kraken_futures", (AccountMode.SINGLE_CURRENCY,), symbols=("BTCUSD_PERP", "ETHUSD_PERP")),
        frozenset({PoolKind.CROSS_ASSET, PoolKind.ISOLATED}),
    ),
    "kraken_futures, multi-collateral": VenueBooks(
        netting_books.random_book, netting_books.cases_of, netting_books.CASES, frozenset({PoolKind.CROSS}), count=1000
    ),
    "okx": over_all_coins(
        MultiCurrencyBooks(
            "okx",
            (AccountMode.MULTI_CURRENCY, AccountMode.MULTI_CURRENCY, AccountMode.SINGLE_CURRENCY),
            given=("other_maintenance_margin",),
            tiers_by_size=True,
        ),
        frozenset(PoolKind),
    ),
    "deribit": VenueBooks(
        deribit_books.random_book, deribit_books.cases_of, deribit_books.CASES, frozenset({PoolKind.CROSS_ASSET})
    ),
    "dydx_v4": VenueBooks(dydx_books.random_book, dydx_books.cases_of, dydx_books.CASES, frozenset({PoolKind.CROSS_ASSET})),
    "generic_portfolio": VenueBooks(
        portfolio_books.random_book, portfolio_books.cases_of, portfolio_books.CASES, frozenset({PoolKind.CROSS})
    ),
}


def schedules_of(rules: Rulebook, book: Book) -> Schedules:
    found: Schedules = {}
    for key in book.tables:
        version = book.tables.find(key)
        assert version is not None
        found.update(rules.schedules(key, version))
    return found


def assert_equal(tape: Tape, ours: TapeFigures, figures: PoolFigures) -> None:
    """What a tape gives in rationals is what the rules say."""
    assert ours.collateral_value == Fraction(figures.collateral_value)
    assert ours.maintenance_margin == Fraction(figures.maintenance_margin)
    assert ours.stress_notional == Fraction(figures.stress_notional)
    told = (tape.initial_margin_reason, tape.trigger, tape.unit)
    assert told == (figures.initial_margin_reason, figures.trigger, figures.unit)
    if figures.initial_margin is not None:
        assert ours.initial_margin == Fraction(figures.initial_margin)


def weights_of(book: Book) -> dict[DriverKey, Decimal]:
    found = {driver: weight_of_driver(driver, book.tables) for driver in book.prices}
    return {driver: weight for driver, weight in found.items() if weight is not None}


def market_of(rules: Rulebook, book: Book) -> Market:
    return Market(
        {driver: Fraction(price) for driver, price in book.prices.items()},
        {driver: Fraction(weight) for driver, weight in weights_of(book).items()},
        schedules_of(rules, book),
    )


@dataclass(frozen=True)
class Held:
    """One pool of a random account, with the rules that value it."""

    rules: Rulebook
    book: Book
    pool: PoolHoldings

    def figures(self, moved: dict[DriverKey, Decimal] | None = None) -> PoolFigures:
        """The figures, with some prices moved."""
        return self.figures_of(self.pool, moved)

    def figures_of(self, pool: PoolHoldings, moved: dict[DriverKey, Decimal] | None = None) -> PoolFigures:
        figures = self.rules.figures(pool, self.book.tables, (self.book.prices | (moved or {})).get)
        assert not isinstance(figures, Missing), figures
        return figures

    def tape(self) -> Tape:
        tape = self.rules.compile(self.pool, self.book.tables)
        assert isinstance(tape, Tape), tape
        return tape

    def report(self) -> PoolReport:
        return self.rules.report(self.pool, self.book.tables, self.book.price)


def rules_of(name: str) -> Rulebook:
    """The rules of an entry: that of its venue, whose modes may have entries of their own."""
    return rulebook_of(name.partition(",")[0])


def pools_of(venue: str, seed: str, count: int) -> Iterator[Held]:
    """All pools of so many random accounts of a venue."""
    rules = rules_of(venue)
    for book in VENUES[venue].books(seed, count):
        for pool in rules.pools(book.account, book.tables):
            yield Held(rules, book, pool)
