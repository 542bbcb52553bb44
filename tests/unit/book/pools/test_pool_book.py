"""What the pool book promises the engine, on pools small enough to follow by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from monitor.domain.errors import InvariantBroken
from monitor.rules.tape import Leg, Tape
from tests.property.pools_shapes import MARKS, bracket_key, brackets
from tests.property.pools_world import World

BTC, ETH = MARKS[:2]


def long_btc(collateral: str = "10000", size: str = "1", entry: str = "50000") -> Tape:
    leg = Leg(BTC, Decimal(size), 0, 1, 2, bracket_key(BTC), initial_rate=Decimal("0.1"))
    return Tape((Decimal(collateral) - Decimal(size) * Decimal(entry), Decimal(0), Decimal(0)), (leg,), (), "USDT", None)


def loaded(collateral: str = "10000", *, price: str = "50000") -> tuple[World, int]:
    world = World()
    world.walk([(BTC, Decimal(price))])
    slot = world.load(long_btc(collateral))
    world.book.decide(slot)
    return world, slot


def test_a_fall_of_the_price_raises_the_level_at_its_row() -> None:
    world, slot = loaded()
    changes = world.walk([(BTC, Decimal(price)) for price in ("49000", "42000", "42000", "40100")])
    assert [(change.row, change.slot, change.old, change.new) for change in changes] == [(1, slot, 0, 3), (3, slot, 3, 4)]
    assert changes[0].figures.collateral_value == 2000.0


def test_changes_of_one_row_come_worst_first_and_ties_by_rank() -> None:
    world = World()
    world.walk([(BTC, Decimal(50000))])
    slots = [world.load(long_btc(collateral), rank=rank) for collateral, rank in (("10000", 9), ("8000", 8), ("10000", 3))]
    for slot in slots:
        world.book.decide(slot)
    changes = world.walk([(BTC, Decimal(42000))])
    assert [change.slot for change in changes] == [slots[1], slots[2], slots[0]]


def test_a_refused_release_is_held_until_it_is_decided_afresh() -> None:
    world, slot = loaded()
    world.walk([(BTC, Decimal(42000))])
    asked: list[int] = []
    world.judge.may_go_off = lambda which: bool(asked.append(which))
    assert world.walk([(BTC, Decimal(60000)), (BTC, Decimal(61000))]) == []
    assert (asked, world.book.held_slots().tolist(), world.book.level_of(slot)) == ([slot], [slot], 3)
    assert [change.new for change in world.walk([(BTC, Decimal(40000))])] == [4]  # a held pool still rises
    world.walk([(BTC, Decimal(60000))])
    world.judge.may_go_off = lambda _which: True
    assert [(change.old, change.new) for change in world.book.release_holds([slot])] == [(4, 0)]
    assert world.book.held_slots().size == 0


def test_a_suspended_pool_is_not_decided_and_its_figures_stay_exact() -> None:
    world, slot = loaded()
    world.book.suspend(slot, True)
    assert world.walk([(BTC, Decimal(42000))]) == []
    assert world.book.decide(slot) is None
    assert world.book.value(slot).collateral_value == 2000.0
    world.book.suspend(slot, False)
    change = world.book.decide(slot)
    assert change is not None
    assert change.new == 3


def test_a_pool_without_all_prices_has_no_figures_and_no_level() -> None:
    world = World(priced=False)
    slot = world.load(long_btc())
    assert not world.book.is_priced(slot)
    assert world.book.decide(slot) is None
    assert np.isnan(world.book.value(slot)).all()
    rows = np.zeros(2, np.int32)
    stopped, changes = world.book.apply_prices(rows, np.array([50000.0, 40000.0]), 0)
    assert (stopped, changes) == (1, [])  # the caller decides the newly priced holders before the next row
    assert world.book.decide(slot) is not None
    assert [change.new for change in world.book.apply_prices(rows, np.array([50000.0, 40000.0]), 1)[1]] == [4]
    world.book.check_invariants()


def test_a_slot_is_used_again_under_a_new_generation() -> None:
    world, slot = loaded()
    other = world.load(long_btc("20000"))
    world.remove(slot)
    assert world.book.slot_count == 1
    again = world.load(long_btc("30000"))
    assert (again, world.book.generation_of(again), world.book.level_of(again)) == (slot, 2, -1)
    assert sorted(world.book.holders(0).tolist()) == sorted([slot, other])
    world.book.check_invariants()


def test_a_reload_keeps_the_level_and_takes_the_new_legs() -> None:
    world, slot = loaded()
    world.walk([(BTC, Decimal(42000))])
    tape = long_btc()
    world.reload(slot, replace(tape, legs=(*tape.legs, replace(tape.legs[0], driver=ETH, schedule=bracket_key(ETH)))))
    assert (world.book.level_of(slot), world.book.drivers_of(slot).tolist()) == (3, [0, 1])
    assert world.book.holders(1).tolist() == [slot]
    world.book.check_invariants()


def test_a_schedule_is_replaced_in_place() -> None:
    world, slot = loaded()
    other = world.load(replace(long_btc(), legs=()))
    before = world.book.value(slot).maintenance_margin
    assert world.book.set_schedule(bracket_key(BTC), brackets(Decimal("0.01"))).tolist() == [slot]
    assert world.book.value(slot).maintenance_margin > before
    assert world.book.value(other).maintenance_margin == 0.0
    world.book.check_invariants()


def test_a_class_weight_moves_the_stress_notional() -> None:
    world, slot = loaded()
    assert world.book.set_weight(0, 2.0).tolist() == [slot]
    assert world.book.value(slot).stress_notional == 100000.0


def test_a_pool_of_constants_is_decided_when_asked() -> None:
    world = World()
    slot = world.load(Tape((Decimal(5), Decimal(10), Decimal(0)), (), (), "USDT", None))
    change = world.book.decide(slot)
    assert change is not None
    assert change.new == 4


def test_a_price_that_moved_far_keeps_its_holders_exact() -> None:
    world, slot = loaded("1000000")
    world.walk([(BTC, Decimal(price)) for price in (160000, 900000, 100, 7000000)])
    expected = world.oracle.market
    expected.prices[BTC] = Fraction(7000000)
    assert world.book.value(slot).collateral_value == float(expected.evaluate(long_btc("1000000")).collateral)
    world.book.check_invariants()


def test_what_does_not_exist_is_refused() -> None:
    world, slot = loaded()
    world.remove(slot)
    with pytest.raises(InvariantBroken, match="holds no pool"):
        world.book.value(slot)
    with pytest.raises(InvariantBroken, match="declared densely"):
        world.book.declare_driver(99)
    with pytest.raises(InvariantBroken, match="never set"):
        world.load(replace(long_btc(), legs=(replace(long_btc().legs[0], schedule=bracket_key(BTC)._replace(symbol="x")),)))
    with pytest.raises(InvariantBroken, match="finite"):
        world.book.set_price(0, float("nan"))
