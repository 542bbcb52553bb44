"""Prices solved on the tape equal those that a venue solves on its own function, and a scan finds none nearer."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from monitor.domain.ids import DriverKey, DriverKind
from monitor.rules.fraction_tape import evaluate
from monitor.rules.solve import solve
from monitor.rules.tape import Leg, Node, NodeMode, Piece, ScheduleKey, Tape, Trigger
from tests.support.venue_books import pools_of, schedules_of


@pytest.mark.slow
def test_prices_equal_those_of_a_venues_own_function() -> None:
    """Bybit solves on its own: risk tiers, slices of collateral, signs of equity, borrow tiers."""
    outcomes = Counter[str]()
    for held in pools_of("bybit", "own", 700):
        schedules, tape = schedules_of(held.rules, held.book), held.tape()
        for position in held.report().positions:
            found = solve(tape, schedules.__getitem__, held.book.prices.__getitem__, mark(position.instrument))
            ours = (position.liquidation_price, position.liquidation_price_reason)
            assert ours == (found.price, found.reason), (held.pool.pool, position.instrument)
            outcomes[found.reason or "price"] += 1
    assert min(outcomes[name] for name in ("price", "already", "none")) >= 50, outcomes


def mark(instrument: str) -> DriverKey:
    return DriverKey(DriverKind.MARK, instrument)


X = mark("test:X")
STEPS = ScheduleKey("test", "steps", "X")
# A margin that jumps: 0 below 10, then 5, then falls with slope -1/2 from 20 on.
JUMPS = (
    Piece(Decimal(0), Decimal(0), Decimal(0)),
    Piece(Decimal(10), Decimal(0), Decimal(5)),
    Piece(Decimal(20), Decimal("-0.5"), Decimal(15)),
)


def tape(base: tuple[str, ...], *legs: Leg, program: tuple[Node, ...] = (), strict: bool = False) -> Tape:
    return Tape(tuple(map(Decimal, base)), legs, program, "USD", None, Trigger(strict=strict))


def price(made: Tape, at: str) -> tuple[Decimal | None, str | None]:
    found = solve(made, {STEPS: JUMPS}.__getitem__, {X: Decimal(at)}.__getitem__, X)
    return found.price, found.reason


def test_a_trigger_reached_by_a_jump_is_found_where_it_jumps() -> None:
    jumping = tape(("4", "0", "0"), Leg(X, Decimal(1), margin_cell=1, schedule=STEPS))
    assert price(jumping, "8") == (Decimal(10), None)
    # From above: the margin falls to 4 at 22, and on the way down it comes back.
    assert price(jumping, "30") == (Decimal(22), None)
    assert price(jumping, "12") == (None, "already")


def test_the_larger_of_two_margins_counts_on_either_side() -> None:
    """M = max(x, 20 - x): over 12 of collateral both 8 and 12 are on the trigger."""
    legs = (
        Leg(X, Decimal(0), margin_cell=3, extra_margin=Decimal(1)),
        Leg(X, Decimal(0), margin_cell=4, extra_margin=Decimal(-1)),
    )
    two = tape(("12", "0", "0", "0", "20"), *legs, program=(Node(NodeMode.MAX, 3, 1, width=2),))
    assert price(two, "9") == (Decimal(8), None)
    assert price(two, "11") == (Decimal(12), None)
    assert price(two, "13") == (None, "already")


def test_a_strict_trigger_is_not_reached_at_its_edge() -> None:
    edge = ("-10", "0", "0")
    leg = Leg(X, Decimal(1), value_cell=0)
    assert price(tape(edge, leg), "10") == (None, "already")
    assert price(tape(edge, leg, strict=True), "10") == (Decimal(10), None)


def test_nearest_is_meant_in_the_price_also_where_the_tape_is_linear_in_its_reciprocal() -> None:
    """In u = 1 / mark 0.5 and 1.6 are on the trigger. From 1 the nearer u is 0.5, but the nearer price is 0.625, not 2."""
    inverse = DriverKey(DriverKind.RECIPROCAL_MARK, "test:X")
    legs = (
        Leg(inverse, Decimal(1), value_cell=3),
        Leg(inverse, Decimal(-1), value_cell=4),
    )
    # C = min(u - 0.5, 1.6 - u), as the negative of the larger of two.
    base = ("0", "0", "0", "-1.6", "0.5")
    made = tape(base, *legs, program=(Node(NodeMode.MAX, 3, 0, width=2, weight=Decimal(-1)),))
    assert price(made, "1") == (Decimal("0.625"), None)


def test_both_forms_of_one_mark_are_refused() -> None:
    inverse = DriverKey(DriverKind.RECIPROCAL_MARK, "test:X")
    with pytest.raises(ValueError, match="reciprocal"):
        price(tape(("1", "0", "0"), Leg(X, Decimal(1), value_cell=0), Leg(inverse, Decimal(1), value_cell=0)), "10")


def test_random_tapes_are_on_their_trigger_there_and_not_before() -> None:
    """Held against the plain evaluation of the tape in rationals, which shares nothing with the solve."""
    random, outcomes = Random("solve"), Counter[str]()
    for _ in range(400):
        made = random_tape(random)
        at = Decimal(random.randint(1, 400)) / 10

        def slack(x: Fraction, made: Tape = made) -> Fraction:
            figures = evaluate(made, {STEPS: JUMPS}.__getitem__, lambda _driver: x, lambda _driver: Decimal(0))  # type: ignore[arg-type,return-value]
            return figures.collateral_value - figures.maintenance_margin

        found, reason = price(made, str(at))
        outcomes[reason or "price"] += 1
        assert (slack(Fraction(at)) <= 0) == (reason == "already")
        if reason == "already":
            continue
        here = Fraction(at)
        reach = abs(Fraction(found) - here) if found is not None else Fraction(1000)
        for share in range(1, 200):
            step = reach * Fraction(share, 200) * Fraction(999_999, 1_000_000)
            for x in (here - step, here + step):
                assert x <= 0 or slack(x) > 0, (made, at, found)
        if found is not None:
            nudge = Fraction(1, 10**15)
            root = Fraction(found)
            assert min(slack(root - nudge), slack(root), slack(root + nudge)) <= Fraction(1, 10**9)
    assert min(outcomes[name] for name in ("price", "already", "none")) >= 30, outcomes


def random_tape(random: Random) -> Tape:
    quantity, extra = Decimal(random.randint(-30, 30)) / 10, Decimal(random.randint(0, 10)) / 20
    base = (str(random.randint(-60, 90)), "0", "0", str(random.randint(-20, 20)), str(random.randint(-20, 20)))
    legs = (
        Leg(X, quantity, 0, 1, schedule=STEPS, extra_margin=extra),
        Leg(X, Decimal(random.randint(-20, 20)) / 10, value_cell=3),
        Leg(X, Decimal(random.randint(-20, 20)) / 10, value_cell=4),
    )
    return tape(base, *legs, program=(Node(NodeMode.MAX, 3, 1, width=2, weight=Decimal(random.choice((0, 1)))),))
