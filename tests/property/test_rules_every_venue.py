"""Every venue on random accounts: rules equal tape, kernel lies in its band, liquidation prices lie on the trigger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from monitor.book.pools import BoundaryRef, PoolBook
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.profile import DESK
from monitor.rules.exact import exact
from monitor.rules.fraction_tape import evaluate
from monitor.rules.levels import headroom
from monitor.rules.registry import known_venues
from monitor.rules.tape import Tape
from tests.support.venue_books import VENUES, Held, assert_equal, market_of, pools_of, rules_of, schedules_of, weights_of

pytestmark = pytest.mark.slow
every_venue = pytest.mark.parametrize("venue", sorted(VENUES))


def test_no_venue_is_left_out() -> None:
    assert set(known_venues()) == {name.partition(",")[0] for name in VENUES}


@every_venue
def test_the_tape_in_rationals_equals_the_figures_of_the_rules(venue: str) -> None:
    hit: Counter[str] = Counter()
    for held in pools_of(venue, "tape", VENUES[venue].count):
        schedules, weights = schedules_of(held.rules, held.book), weights_of(held.book)
        tape, figures = held.tape(), held.figures()
        ours = evaluate(tape, schedules.__getitem__, held.book.prices.__getitem__, weights.__getitem__)
        assert_equal(tape, ours, figures)
        hit.update(VENUES[venue].cases_of(held.pool, held.report(), schedules))
    assert {name: count for name, count in hit.items() if count < 50} == {}
    assert len(hit) == VENUES[venue].cases, hit


class NoJudge:
    """Nothing is decided here, so that nobody is asked."""

    def is_beyond(self, slot: int, boundary: BoundaryRef) -> bool:
        raise AssertionError(f"asked about {slot} {boundary}")

    def may_release(self, slot: int) -> bool:
        raise AssertionError(f"asked about {slot}")


def operations_of(tape: Tape) -> int:
    """No fewer than the kernel needs for a figure: the reciprocal of a mark is one more for each leg."""
    return 3 * len(tape.legs) + 4 * len(tape.program) + sum(node.width for node in tape.program) + 8


@every_venue
def test_the_kernel_lies_within_its_band(venue: str) -> None:
    rules = rules_of(venue)
    for book in VENUES[venue].books("kernel", 150):
        market = market_of(rules, book)
        index = {driver: place for place, driver in enumerate(book.prices)}
        kernel = PoolBook((DESK.cross, DESK.isolated), NoJudge())
        for driver, place in index.items():
            kernel.declare_driver(place)
            kernel.set_weight(place, float(market.weights[driver]))
            kernel.set_price(place, float(book.prices[driver]))
        for schedule, pieces in market.schedules.items():
            kernel.set_schedule(schedule, pieces)
        for pool in rules.pools(book.account, book.tables):
            tape = Held(rules, book, pool).tape()
            slot = kernel.load(tape, 0, -1, index.__getitem__)
            band = 2 * operations_of(tape) * Fraction(1, 2**53)
            for figure, right, size in zip(kernel.value(slot), market.evaluate(tape), market.sizes(tape), strict=True):
                assert abs(Fraction(figure) - right) <= band * size
        kernel.check_invariants()


@every_venue
def test_more_collateral_never_raises_the_ratio(venue: str) -> None:
    for number, held in enumerate(pools_of(venue, "richer", 200)):
        before, pool = held.figures(), held.pool
        for asset, balance in pool.wallets.items():
            richer = replace(pool, wallets=pool.wallets | {asset: balance + Decimal(number * 997 + 1) / 100})
            after = held.figures_of(richer)
            with exact():
                # Compared without dividing: M/C falls or stays as C rises and M does not.
                assert after.collateral_value >= before.collateral_value
                assert after.maintenance_margin <= before.maintenance_margin


@every_venue
def test_a_liquidation_price_lies_on_the_trigger_and_none_is_nearer(venue: str) -> None:
    outcomes: Counter[str] = Counter()
    for held in pools_of(venue, "liquidation", 900):
        now = headroom(held.figures())
        for position in held.report().positions:
            price, mark_price = position.liquidation_price, position.mark_price
            assert mark_price is not None
            outcomes[position.liquidation_price_reason or "price"] += 1
            driver = DriverKey(DriverKind.MARK, position.instrument)
            if price is None:
                assert position.liquidation_price_reason == ("already" if now <= 0 else "none")
                if now > 0:
                    for factor in ("0.000001", "0.25", "0.5", "0.9", "1.1", "2", "5", "50"):
                        assert headroom(held.figures({driver: mark_price * Decimal(factor)})) > 0
                continue
            at_price = headroom(held.figures({driver: price}))
            assert abs(at_price) <= Decimal("1e-9") * (1 + abs(now) + price)
            mirrored = max(2 * mark_price - price, Decimal("1e-9"))
            for share in (Decimal("0.1"), Decimal("0.5"), Decimal("0.9")):
                for target in (price, mirrored):
                    between = mark_price + (target - mark_price) * share
                    assert headroom(held.figures({driver: between})) > 0
    assert min(outcomes[name] for name in ("price", "already", "none")) >= 50, outcomes
    assert outcomes["price"] >= 0.6 * outcomes.total(), outcomes


@every_venue
def test_the_parts_of_a_figure_add_up_to_it(venue: str) -> None:
    for held in pools_of(venue, "parts", 200):
        report = held.report()
        for figure in ("collateral_value", "maintenance_margin", "initial_margin"):
            whole = getattr(report, figure)
            if whole is not None:
                with exact():
                    assert sum((part.amount for part in report.parts if part.figure == figure), Decimal(0)) == whole


@every_venue
def test_every_kind_of_pool_is_formed(venue: str) -> None:
    kinds = Counter(held.pool.kind for held in pools_of(venue, "kinds", 200))
    assert set(kinds) == VENUES[venue].kinds
    assert min(kinds.values()) >= 50
