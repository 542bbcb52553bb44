"""Every level decision equals the oracle's, with pools exactly on their boundaries; and the control without a band."""

from __future__ import annotations

from random import Random

import pytest

from monitor.book.pools import Change, PoolBook
from tests.property.pools_world import World, events, expected_events, load_pools, random_ticks

POOLS, TICKS = 42, 220


class WithoutBand(PoolBook):
    """The control: trusts the sign of a float slack unless it is exactly 0."""

    _band_scale = 0.0


def world_and_ticks(seed: int, book_type: type[PoolBook] = PoolBook) -> tuple[World, list]:  # type: ignore[type-arg]
    random = Random(seed)
    world = World(book_type)
    load_pools(world, random, POOLS, check=book_type is PoolBook)
    return world, random_ticks(random, TICKS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_levels_equal_the_oracle_at_every_tick(seed: int) -> None:
    world, ticks = world_and_ticks(seed)
    changes = world.walk(ticks)
    assert events(changes) == expected_events(world.expect(ticks))
    assert len(changes) > 100
    assert {change.new for change in changes} == {0, 1, 2, 3, 4}
    assert world.book.reference_decisions == len(world.judge.questions) > 20
    world.book.check_invariants()


@pytest.mark.slow
def test_without_the_band_levels_come_out_wrong() -> None:
    world, ticks = world_and_ticks(0, WithoutBand)
    assert events(world.walk(ticks)) != expected_events(world.expect(ticks))


@pytest.mark.parametrize("cut", [1, 7, 4096])
def test_the_cut_of_batches_changes_nothing(cut: int) -> None:
    def run(size: int) -> list[Change]:
        world, ticks = world_and_ticks(11)
        return world.walk(ticks, size)

    assert run(cut) == run(TICKS)


def test_figures_of_a_change_are_those_of_a_full_valuation_there() -> None:
    world, ticks = world_and_ticks(3)
    other, _ = world_and_ticks(3)
    changes = world.walk(ticks)
    for row, tick in enumerate(ticks):
        other.walk([tick])
        for change in changes:
            if change.row == row:
                assert change.figures == other.book.value(change.slot)
