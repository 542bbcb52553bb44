"""The engine's level changes equal an oracle in exact fractions, over sequences of every kind of input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from random import Random

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.certainty import Certainty
from monitor.domain.effects import CertaintyChanged, Effect, InputRefused, LevelChanged, Repaired, TableApplied
from monitor.domain.profile import BoundaryKind
from monitor.engine.core import Engine
from tests.support.engine_run import SETTINGS, feed, level_changes, run
from tests.support.engine_stream import STEPS, Stream, stream_of

pytestmark = pytest.mark.slow

Step = tuple[str, int]
names = st.sampled_from([name for name, weight in STEPS.items() for _ in range(weight)])
steps = st.lists(st.tuples(names, st.integers(0, 2**32 - 1)), min_size=60, max_size=90)
KINDS = {
    "AccountDeclared", "AccountGap", "AccountRemoved", "AccountState", "ClockAdvanced", "ClockOffset", "DriverDeclared", "Fee",
    "Fill", "Funding", "Heartbeat", "Interest", "PriceBatch", "SettingsChanged", "Transfer", "ValuationStarted", "VenueFigures",
    "VenueStatus", "bad table", "complete state, agrees", "complete state, differs", "duplicate", "early movement",
    "fill behind its state", "heartbeat of an older epoch", "hole", "new epoch", "odd prices", "older epoch", "onto a boundary",
    "partial state, agrees", "partial state, differs", "refused", "same trade again", "state before its declaration",
    "table asset_index", "table class_weights", "table instrument", "table leverage_brackets", "table scheduled",
    "table of the same content", "table withdrawn", "wrong heartbeat",
}  # fmt: skip


FOUND: dict[str, tuple[list[Step], int]] = {
    "the venue's side alone can be valued": ([("fill", 101948), ("silence", 15424)], 162),
    "two tables at one clock": ([("some_table", 3725723692), ("some_table", 2743313764), ("silence", 1881313254)], 100264),
    "a table and a stale price at one clock": (
        [("some_table", 488040625), ("all_prices", 1293564626), ("silence", 4059919295)],
        1023,
    ),
    "a table and an agreement at one clock": (
        [
            ("hole", 1433024510), ("complete_state", 2802323939), ("removed", 3805027668), ("differing", 3704772384),
            ("some_table", 2254216769), ("lost_table", 1259113833), ("grace", 3724507293),
        ],
        1090,
    ),
    "an isolated wallet told behind a state that differs": (
        [
            ("differing", 3536062632), ("silence", 793112472), ("isolated_fill_and_wallet", 1365183641),
            ("one_market", 2754589930),
        ],
        1070,
    ),
    "a margin mode changed behind a state that differs": ([("repaired", 1329543368), ("settings", 3818242473)], 1076),
    "a price again after silence": (
        [("settings", 1401180596), ("silence", 830282226), ("transfer", 2111848310), ("one_market", 1720341775)],
        1023,
    ),
    "dues of accounts that were removed": (
        [
            ("removed", 2375960924), ("new_epoch", 3853691969), ("removed", 1530321023), ("differing", 2458163873),
            ("account_again", 1781590859), ("account_again", 3582561597), ("state_then_fill", 898602015),
            ("differing", 3624389057), ("lost_table", 2644399786), ("differing", 2611025498), ("grace", 2832915045),
        ],
        1098,
    ),
}  # fmt: skip
"""Streams that once went another way than the oracle, or another way after a restart, cut down to what it took."""


class Seen:
    """What the examples went through, together."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.moves: Counter[tuple[int | None, int | None]] = Counter()
        self.effects: Counter[type[Effect]] = Counter()
        self.decided: set[tuple[BoundaryKind, bool]] = set()
        self.on_boundary = 0
        self.held = 0
        self.reference_decisions = 0

    def take(self, stream: Stream, engine: Engine, effects: list[Effect]) -> None:
        self.kinds += stream.kinds
        self.moves.update((change.old, change.new) for changes in stream.changes for change in changes)
        self.effects.update(type(effect) for effect in effects)
        self.decided |= stream.oracle.decided
        self.on_boundary += stream.oracle.slack_zero
        self.held += stream.oracle.held
        self.reference_decisions += engine.counters.reference_decisions


def compared(stream: Stream) -> tuple[Engine, list[Effect]]:
    """The stream through the engine, each input's level changes held against the oracle's."""
    engine, effects = Engine(SETTINGS), []
    for number, (item, partition) in enumerate(stream.inputs):
        found = feed(engine, item, partition, number)
        assert level_changes(found) == stream.changes[number], (number, item)
        effects += found
    assert engine.seq == stream.oracle.seq
    return engine, effects


def test_levels_equal_the_oracle() -> None:
    seen = Seen()

    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    @given(steps, st.integers(0, 2**32 - 1))
    def check(taken: list[Step], seed: int) -> None:
        stream = stream_of(taken, seed)
        seen.take(stream, *compared(stream))

    # What must have occurred is asked of fixed streams and of the drawn ones together: it does not hang on a lucky draw.
    for stream in streams(12):
        seen.take(stream, *compared(stream))
    check()
    assert set(seen.kinds) >= KINDS, sorted(KINDS - set(seen.kinds))
    entered = {new for _, new in seen.moves}
    left = {old for old, _ in seen.moves}
    assert entered >= {None, 0, 1, 2, 3, 4} <= left
    assert min(seen.moves[old, new] for old, new in product(range(5), range(5)) if old != new) > 0, seen.moves
    assert seen.decided == set(product(BoundaryKind, (True, False)))
    assert set(seen.effects) == {LevelChanged, CertaintyChanged, InputRefused, Repaired, TableApplied}
    assert seen.on_boundary > 500
    assert seen.reference_decisions > 30
    assert seen.held > 10


@pytest.mark.parametrize("name", FOUND)
def test_what_once_differed_is_equal(name: str) -> None:
    stream = stream_of(*FOUND[name])
    _engine, effects = compared(stream)
    assert run(stream.inputs, restored_at=frozenset(range(len(stream.inputs))))[1] == effects


def test_accounts_are_as_certain_as_the_oracle_says() -> None:
    """Step by step, since effects of accounts are not those of pools."""
    random, engine, told = Random(11), Engine(SETTINGS), Counter[Certainty]()
    stream = Stream(Random(11))
    stream.open()
    fed = 0
    for name in random.choices(list(STEPS), weights=list(STEPS.values()), k=400):
        getattr(stream, name)()
        for item, partition in stream.inputs[fed:]:
            feed(engine, item, partition, fed)
            fed += 1
        for account in stream.oracle.accounts.values():
            status = engine.account_status(account.name)
            assert status is not None
            ours = status.certainty
            assert (ours if ours > Certainty.UNVERIFIED else Certainty.FRESH) == account.certainty, (
                fed,
                account.doubts,
                status,
            )
            told[account.certainty] += 1
    assert engine.account_ids() == sorted(stream.oracle.accounts)
    assert set(told) == {Certainty.FRESH, Certainty.RECONCILING, Certainty.STALE}


def streams(count: int = 6) -> Iterator[Stream]:
    """A few streams that are the same in every run."""
    for seed in range(count):
        random = Random(seed)
        drawn = random.choices(list(STEPS), weights=list(STEPS.values()), k=80)
        yield stream_of([(name, random.getrandbits(32)) for name in drawn], seed)


@pytest.mark.parametrize("rows", [1, 7, 4096])
def test_other_cuts_of_the_batches_have_the_same_effects(rows: int) -> None:
    for stream in streams():
        assert run(stream.inputs, rows=rows)[1] == run(stream.inputs)[1]


def test_a_cut_taken_while_inputs_go_on_is_the_state_at_its_beginning() -> None:
    """One account after each input, so that others change before their turn."""
    slices = 0
    for stream in streams(12):
        engine, cut, wanted = Engine(SETTINGS), None, {}
        for number, (item, partition) in enumerate(stream.inputs):
            if cut is None and number % 3 == 0:
                wanted = orjson.loads(orjson.dumps(engine.state()))
                cut = engine.begin_cut()
            feed(engine, item, partition, number)
            if cut is not None and cut.take(1):
                assert orjson.loads(orjson.dumps(cut.state())) == wanted, number
                cut, slices = None, slices + 1
    assert slices > 200


def test_put_down_and_taken_up_again_it_has_the_same_effects() -> None:
    """Between any two inputs of the second half, through JSON."""
    for number, stream in enumerate(streams()):
        _engine, effects = run(stream.inputs)
        random = Random(number)
        middle = range(len(stream.inputs) // 4, len(stream.inputs))
        places = frozenset(random.sample(middle, 25))
        assert run(stream.inputs, restored_at=places)[1] == effects
