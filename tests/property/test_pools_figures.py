"""`value` against the definition of the tape in exact rationals, within the error band that the columnar form proves."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from tests.property.pools_shapes import SHAPES, random_tape
from tests.property.pools_world import World, random_ticks


@pytest.mark.parametrize("shape", SHAPES)
def test_every_figure_lies_within_the_band_of_the_exact_one(shape: str) -> None:
    random = Random(f"figures {shape}")
    world = World()
    slots = [world.load(random_tape(random, shape)) for _ in range(25)]
    for _ in range(6):
        ticks = random_ticks(random, 40)
        world.walk(ticks)
        for key, price in ticks:
            world.market.prices[key] = Fraction(price)
        bulk = world.book.figures_of(world.book.held_slots()[:0])
        assert bulk.shape == (0, 4)
        for slot in slots:
            tape = world.oracle.pools[slot].tape
            operations = 2 * len(tape.legs) + 4 * len(tape.program) + sum(node.width for node in tape.program) + 8
            figures = world.book.value(slot)
            for figure, exact, size in zip(figures, world.market.evaluate(tape), world.market.sizes(tape), strict=True):
                assert abs(Fraction(figure) - exact) <= 2 * operations * Fraction(1, 2**53) * size
    world.book.check_invariants()


def test_bulk_figures_are_those_of_value() -> None:
    random = Random("bulk")
    world = World()
    slots = [world.load(random_tape(random, random.choice(SHAPES))) for _ in range(40)]
    world.walk(random_ticks(random, 100))
    bulk = world.book.figures_of(np.array(slots))
    assert [tuple(row) for row in bulk.tolist()] == [tuple(world.book.value(slot)) for slot in slots]
