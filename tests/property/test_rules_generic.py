"""The plain book on random accounts: rules equal tape, kernel lies in its band, liquidation prices lie on the trigger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from monitor.book.pools import BoundaryRef, PoolBook
from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.profile import DESK
from monitor.domain.report import PoolReport
from monitor.rules.class_weights import weight_of_driver
from monitor.rules.exact import exact
from monitor.rules.fraction_tape import evaluate
from monitor.rules.generic import Generic
from monitor.rules.levels import headroom
from monitor.rules.rulebook import Missing, PoolFigures
from monitor.rules.tape import Piece, ScheduleKey, Tape
from tests.property.pools_oracle import Market
from tests.support.generic_books import Book, books

RULES = Generic()
COUNT = 700


def schedules_of(book: Book) -> dict[ScheduleKey, tuple[Piece, ...]]:
    found: dict[ScheduleKey, tuple[Piece, ...]] = {}
    for key in book.tables:
        version = book.tables.find(key)
        assert version is not None
        found.update(RULES.schedules(key, version))
    return found


def figures_at(book: Book, pool: PoolHoldings, moved: dict[DriverKey, Decimal] | None = None) -> PoolFigures:
    figures = RULES.figures(pool, book.tables, (book.prices | (moved or {})).get)
    assert not isinstance(figures, Missing), figures
    return figures


def tape_of(book: Book, pool: PoolHoldings) -> Tape:
    tape = RULES.compile(pool, book.tables)
    assert isinstance(tape, Tape), tape
    return tape


def report_of(book: Book, pool: PoolHoldings) -> PoolReport:
    return RULES.report(pool, book.tables, book.price)


def weights_of(book: Book) -> dict[DriverKey, Decimal]:
    found = {driver: weight_of_driver(driver, book.tables) for driver in book.prices}
    return {driver: weight for driver, weight in found.items() if weight is not None}


@pytest.mark.slow
def test_the_tape_in_rationals_equals_the_figures_of_the_rules() -> None:
    hit: Counter[str] = Counter()
    for book in books("tape", COUNT):
        schedules, weights = schedules_of(book), weights_of(book)
        for pool in RULES.pools(book.account, book.tables):
            tape, figures = tape_of(book, pool), figures_at(book, pool)
            ours = evaluate(tape, schedules.__getitem__, book.prices.__getitem__, weights.__getitem__)
            assert ours.collateral_value == Fraction(figures.collateral_value)
            assert ours.maintenance_margin == Fraction(figures.maintenance_margin)
            assert ours.stress_notional == Fraction(figures.stress_notional)
            assert (tape.initial_margin_reason, tape.trigger, tape.unit) == (
                figures.initial_margin_reason,
                figures.trigger,
                figures.unit,
            )
            if figures.initial_margin is not None:
                assert ours.initial_margin == Fraction(figures.initial_margin)
            count_cases(book, pool, hit)
    assert {name: count for name, count in hit.items() if count < 50} == {}
    assert len(hit) == CASES, hit


# Kinds of pools by side, brackets, linear and inverse, what parts say of equity and of what is borrowed.
CASES = 6 + 5 + 2 + 2 + 2 + 1


def count_cases(book: Book, pool: PoolHoldings, hit: Counter[str]) -> None:
    """Which brackets, sides and modes an account stands in, read off its holdings and tables."""
    schedules = schedules_of(book)
    report = report_of(book, pool)
    for position in report.positions:
        assert position.notional is not None
        hit[f"{pool.kind.value} {position.side}"] += 1
        hit["inverse" if position.instrument.endswith("_PERP") else "linear"] += 1
        brackets = schedules[ScheduleKey("generic", "leverage_brackets", position.instrument.split(":")[1])]
        hit[f"bracket {number_of(brackets, position.notional)}"] += 1
    for part in report.parts:
        if part.figure == "collateral_value":
            hit["equity above 0" if part.amount > 0 else "equity below 0"] += 1
        elif part.figure == "maintenance_margin" and not part.name.startswith("positions in"):
            hit["others" if part.name.startswith("positions that") else "borrowed"] += 1
    hit["a coin switched off"] += bool(pool.not_collateral)


def number_of(pieces: tuple[Piece, ...], x: Decimal) -> int:
    return sum(piece.start <= x for piece in pieces) - 1


class NoJudge:
    """Nothing is decided here, so that nobody is asked."""

    def is_beyond(self, slot: int, boundary: BoundaryRef) -> bool:
        raise AssertionError(f"asked about {slot} {boundary}")

    def may_release(self, slot: int) -> bool:
        raise AssertionError(f"asked about {slot}")


@pytest.mark.slow
def test_the_kernel_lies_within_its_band() -> None:
    for book in books("kernel", 150):
        schedules, weights = schedules_of(book), weights_of(book)
        index = {driver: place for place, driver in enumerate(book.prices)}
        kernel = PoolBook((DESK.cross, DESK.isolated), NoJudge())
        for driver, place in index.items():
            kernel.declare_driver(place)
            kernel.set_weight(place, float(weights[driver]))
            kernel.set_price(place, float(book.prices[driver]))
        for schedule, pieces in schedules.items():
            kernel.set_schedule(schedule, pieces)
        market = Market(
            {driver: Fraction(price) for driver, price in book.prices.items()},
            {driver: Fraction(weight) for driver, weight in weights.items()},
            schedules,
        )
        for pool in RULES.pools(book.account, book.tables):
            tape = tape_of(book, pool)
            slot = kernel.load(tape, 0, -1, index.__getitem__)
            operations = 3 * len(tape.legs) + 4 * len(tape.program) + sum(node.width for node in tape.program) + 8
            for figure, right, size in zip(kernel.value(slot), market.evaluate(tape), market.sizes(tape), strict=True):
                assert abs(Fraction(figure) - right) <= 2 * operations * Fraction(1, 2**53) * size
        kernel.check_invariants()


@pytest.mark.slow
def test_more_collateral_never_raises_the_ratio() -> None:
    for number, book in enumerate(books("richer", 200)):
        for pool in RULES.pools(book.account, book.tables):
            before = figures_at(book, pool)
            for asset, balance in pool.wallets.items():
                richer = replace(pool, wallets=pool.wallets | {asset: balance + Decimal(number * 997 + 1) / 100})
                after = figures_at(book, richer)
                with exact():
                    # Compared without dividing: M/C falls or stays as C rises and M does not.
                    assert after.collateral_value >= before.collateral_value
                    assert after.maintenance_margin <= before.maintenance_margin


@pytest.mark.slow
def test_a_liquidation_price_lies_on_the_trigger_and_none_is_nearer() -> None:
    outcomes: Counter[str] = Counter()
    for book in books("liquidation", 900):
        for pool in RULES.pools(book.account, book.tables):
            now = headroom(figures_at(book, pool))
            for position in report_of(book, pool).positions:
                price, mark_price = position.liquidation_price, position.mark_price
                assert mark_price is not None
                outcomes[position.liquidation_price_reason or "price"] += 1
                driver = DriverKey(DriverKind.MARK, position.instrument)
                if price is None:
                    assert position.liquidation_price_reason == ("already" if now <= 0 else "none")
                    if now > 0:
                        for factor in ("0.000001", "0.25", "0.5", "0.9", "1.1", "2", "5", "50"):
                            assert headroom(figures_at(book, pool, {driver: mark_price * Decimal(factor)})) > 0
                    continue
                at_price = headroom(figures_at(book, pool, {driver: price}))
                assert abs(at_price) <= Decimal("1e-9") * (1 + abs(now) + price)
                mirrored = max(2 * mark_price - price, Decimal("1e-9"))
                for share in (Decimal("0.1"), Decimal("0.5"), Decimal("0.9")):
                    for target in (price, mirrored):
                        between = mark_price + (target - mark_price) * share
                        assert headroom(figures_at(book, pool, {driver: between})) > 0
    assert min(outcomes[name] for name in ("price", "already", "none")) >= 50, outcomes
    assert outcomes["price"] >= 0.6 * outcomes.total(), outcomes


@pytest.mark.slow
def test_the_parts_of_a_figure_add_up_to_it() -> None:
    for book in books("parts", 200):
        for pool in RULES.pools(book.account, book.tables):
            report = report_of(book, pool)
            for figure in ("collateral_value", "maintenance_margin", "initial_margin"):
                whole = getattr(report, figure)
                if whole is not None:
                    with exact():
                        assert sum((p.amount for p in report.parts if p.figure == figure), Decimal(0)) == whole


def test_both_kinds_of_pools_are_formed() -> None:
    kinds = Counter(pool.kind for book in books("kinds", 200) for pool in RULES.pools(book.account, book.tables))
    assert min(kinds[PoolKind.CROSS], kinds[PoolKind.CROSS_ASSET], kinds[PoolKind.ISOLATED]) >= 50
