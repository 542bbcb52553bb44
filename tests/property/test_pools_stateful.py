"""Any sequence of what the engine may do: the book equals the oracle after each step, and its invariants hold."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.property.pools_shapes import DRIVERS, MARKS, SHAPES, bracket_key, brackets, random_tape
from tests.property.pools_world import World, events, expected_events, random_ticks

seeds = st.integers(0, 2**32)


class PoolBookMachine(RuleBasedStateMachine):
    """Loads, fills, prices, table changes, suspensions and holds in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def _decide(self, slot: int) -> None:
        change, expected = self.world.book.decide(slot), self.world.oracle.decide(slot)
        assert expected == (None if change is None else (change.slot, change.old, change.new))

    def _pick(self, seed: int) -> int:
        return Random(seed).choice(sorted(self.world.oracle.pools))

    @rule(seed=seeds, shape=st.sampled_from(SHAPES), switch_set=st.integers(0, 1))
    def load(self, seed: int, shape: str, switch_set: int) -> None:
        self._decide(self.world.load(random_tape(Random(seed), shape), switch_set, rank=seed))

    @precondition(lambda self: self.world.oracle.pools)
    @rule(seed=seeds, shape=st.sampled_from(SHAPES))
    def reload(self, seed: int, shape: str) -> None:
        slot = self._pick(seed)
        self.world.reload(slot, random_tape(Random(seed), shape))
        self._decide(slot)

    @precondition(lambda self: self.world.oracle.pools)
    @rule(seed=seeds)
    def remove(self, seed: int) -> None:
        self.world.remove(self._pick(seed))

    @rule(seed=seeds, cut=st.sampled_from((1, 7, 4096)))
    def prices(self, seed: int, cut: int) -> None:
        ticks = random_ticks(Random(seed), 12)
        assert events(self.world.walk(ticks, cut)) == expected_events(self.world.expect(ticks))

    @rule(mark=st.sampled_from(MARKS), scale=st.sampled_from(("0.1", "1", "3")))
    def table(self, mark: object, scale: str) -> None:
        pieces = brackets(Decimal(scale))
        self.world.market.schedules[bracket_key(mark)] = pieces  # type: ignore[arg-type]
        for slot in self.world.book.set_schedule(bracket_key(mark), pieces).tolist():  # type: ignore[arg-type]
            self._decide(slot)

    @rule(driver=st.sampled_from(DRIVERS), weight=st.sampled_from((0, 1, 2)))
    def weight(self, driver: object, weight: int) -> None:
        self.world.market.weights[driver] = weight  # type: ignore[index,assignment]
        for slot in self.world.book.set_weight(self.world.index[driver], float(weight)).tolist():  # type: ignore[index]
            self._decide(slot)

    @precondition(lambda self: self.world.oracle.pools)
    @rule(seed=seeds, suspended=st.booleans())
    def suspend(self, seed: int, suspended: bool) -> None:
        slot = self._pick(seed)
        self.world.book.suspend(slot, suspended)
        self.world.oracle.pools[slot].is_suspended = suspended
        self._decide(slot)

    @rule(may_go_off=st.booleans())
    def certainty(self, may_go_off: bool) -> None:
        self.world.judge.may_go_off = self.world.oracle.may_go_off = lambda _slot: may_go_off
        if may_go_off:
            held = self.world.book.held_slots().tolist()
            found = {(change.slot, change.old, change.new) for change in self.world.book.release_holds(held)}
            assert found == {change for slot in held if (change := self.world.oracle.decide(slot)) is not None}

    @invariant()
    def fits_together(self) -> None:
        self.world.book.check_invariants()
        for slot, pool in self.world.oracle.pools.items():
            assert self.world.book.level_of(slot) == pool.level


TestPoolBook = PoolBookMachine.TestCase
TestPoolBook.settings = settings(max_examples=25, stateful_step_count=25, derandomize=True, deadline=None, database=None)
