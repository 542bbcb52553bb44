"""Random pools of venues in the columns, ticking: every level decision equals the oracle's in exact rationals."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random

import numpy as np
import pytest

from monitor.book.pools import PoolBook
from monitor.domain.ids import DriverKey
from monitor.domain.profile import DESK
from monitor.rules.rulebook import Rulebook
from monitor.rules.tape import Tape
from tests.property.pools_oracle import ExactJudge, Held, Oracle
from tests.support.random_books import Book
from tests.support.venue_books import VENUES, market_of, rules_of

SWITCHES = (DESK.cross, DESK.isolated)


class Columns:
    """A book and its oracle, holding the pools of one account."""

    def __init__(self, rules: Rulebook, book: Book) -> None:
        market = market_of(rules, book)
        self.drivers = {driver: place for place, driver in enumerate(book.prices)}
        self.judge, self.oracle = ExactJudge(market), Oracle(market)
        self.kernel = PoolBook(SWITCHES, self.judge)
        self.judge.price_of = lambda driver: self.kernel.price_of(self.drivers[driver])
        for driver, place in self.drivers.items():
            self.kernel.declare_driver(place)
            self.kernel.set_weight(place, float(market.weights[driver]))
            self.kernel.set_price(place, float(book.prices[driver]))
        for schedule, pieces in market.schedules.items():
            self.kernel.set_schedule(schedule, pieces)
        for pool in rules.pools(book.account, book.tables):
            tape = rules.compile(pool, book.tables)
            assert isinstance(tape, Tape)
            slot = self.kernel.load(tape, 0, -1, self.drivers.__getitem__)
            self.judge.tapes[slot] = (tape, SWITCHES[0])
            self.oracle.pools[slot] = Held(tape, SWITCHES[0], -1)
            change, expected = self.kernel.decide(slot), self.oracle.decide(slot)
            assert expected == (None if change is None else (change.slot, change.old, change.new))

    def tick(self, driver: DriverKey, price: Decimal) -> list[tuple[int, int]]:
        """One price to both; the changes as (old, new)."""
        drivers, prices = np.array([self.drivers[driver]], np.int32), np.array([float(price)])
        changes, row = [], 0
        while row < 1:
            row, found = self.kernel.apply_prices(drivers, prices, row)
            changes += found
        ours = {(change.slot, change.old, change.new) for change in changes}
        assert ours == self.oracle.tick(driver, price)
        return [(old, new) for _slot, old, new in ours]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("venue", sorted(VENUES))
def test_levels_equal_the_oracle_at_every_tick(venue: str, seed: int) -> None:
    rules, random = rules_of(venue), Random(seed)
    reached: Counter[int] = Counter()
    for _ in range(80):
        book = VENUES[venue].random_book(random)
        columns = Columns(rules, book)
        for _ in range(60):
            driver = random.choice(list(book.prices))
            moved = (book.prices[driver] * random.randint(80, 125) / 100).quantize(Decimal("0.0001"))
            reached.update(new for _old, new in columns.tick(driver, moved))
        columns.kernel.check_invariants()
    assert sum(reached.values()) >= 50, reached
    assert set(reached) == {0, 1, 2, 3, 4}, reached
