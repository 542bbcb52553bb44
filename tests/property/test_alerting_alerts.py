"""Whatever the effects: the open alerts are exactly the switches that are on, told in an order that never reads as better."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerting.alerter import Alerter
from monitor.alerting.decision import AlertDecision
from monitor.alerting.settings import AlertingSettings
from monitor.domain.alert import label_key
from monitor.domain.certainty import Certainty
from monitor.domain.effects import Cause, CauseKind
from monitor.domain.level import Level
from tests.support.alert_view import SECOND, WrittenView, account_certainty, level_changed

POOLS = ["sim:a/cross", "sim:b/cross", "sim:b/isolated/BTCUSDT"]
SETTINGS = AlertingSettings()

levels = st.tuples(st.just("level"), st.sampled_from(POOLS), st.sampled_from(list(Level)))
ends = st.tuples(st.just("end"), st.sampled_from(POOLS), st.none())
owners = st.tuples(st.just("owner"), st.sampled_from(POOLS), st.sampled_from(["none", "desk-1", "desk-2"]))
doubts = st.tuples(st.just("doubt"), st.sampled_from(POOLS), st.sampled_from(list(Certainty)))
clocks = st.tuples(st.just("clock"), st.none(), st.integers(1, 200))
steps = st.lists(st.one_of(levels, ends, owners, doubts, clocks), max_size=40)


class Run:
    """Feeds steps to an alerter and keeps what people were told, by labels."""

    def __init__(self) -> None:
        self.view = WrittenView()
        for pool in POOLS:
            self.view.put(pool, Level.OK)
        self.alerter = Alerter(SETTINGS, self.view)
        self.known: dict[str, Level | None] = dict.fromkeys(POOLS)
        self.certainty: dict[str, Certainty] = {}
        self.told: dict[tuple[tuple[str, str], ...], bool] = {}
        self.log: list[AlertDecision] = []
        self.now_ns = SECOND
        self.seq = 0

    def step(self, kind: str, pool: str | None, value: object) -> list[AlertDecision]:
        self.seq += 1
        decisions = self._decide(kind, pool or "", value)
        for decision in decisions:
            self.told[label_key(decision.alert.labels)] = decision.alert.is_firing
        self.log += decisions
        return decisions

    def _decide(self, kind: str, pool: str, value: object) -> list[AlertDecision]:
        account = pool.partition("/")[0]
        if kind == "clock":
            assert isinstance(value, int)
            self.now_ns += value * SECOND // 10
            return self.alerter.on_clock(self.now_ns, self.seq)
        if kind == "owner":
            self.view.owners[account] = str(value)
            return []
        if kind == "doubt":
            assert isinstance(value, Certainty)
            old = self.certainty.get(account, Certainty.FRESH)
            self.certainty[account] = value
            for other, outlook in self.view.pools.items():
                if other.startswith(f"{account}/"):
                    self.view.put(other, outlook.level, value)
            return self.alerter.on_effect(account_certainty(account, old, value, at_ns=self.now_ns))
        old_level, self.known[pool] = self.known[pool], value if isinstance(value, Level) else None
        cause = Cause(CauseKind.REMOVED, "account_removed:sim:1:1") if kind == "end" else None
        change = level_changed(pool, old_level, self.known[pool], seq=self.seq, at_ns=self.now_ns, cause=cause)
        return self.alerter.on_effect(change)

    def expected_on(self) -> set[tuple[str, str]]:
        alerting = (Level.WARNING, Level.CRITICAL, Level.LIQUIDATION)
        return {
            (pool, level.name.lower())
            for pool, known in self.known.items()
            for level in alerting
            if known is not None and level <= known
        }


def pool_alerts(run: Run) -> set[tuple[str, str]]:
    return {(alert.pool, alert.labels["level"]) for alert in run.alerter.open_alerts() if alert.pool is not None}


@given(steps)
def test_open_alerts_are_the_switches_that_are_on(sequence: list[tuple[str, str | None, object]]) -> None:
    run = Run()
    for step in sequence:
        run.step(*step)
        assert pool_alerts(run) == run.expected_on()
        # What was told and not ended is what is open, label for label: each end bore the labels of its beginning.
        open_labels = {label_key(alert.labels) for alert in run.alerter.open_alerts()}
        assert {key for key, is_on in run.told.items() if is_on} == open_labels


@given(steps)
def test_getting_worse_and_losing_inputs_end_no_pool_alert(sequence: list[tuple[str, str | None, object]]) -> None:
    run = Run()
    for kind, pool, value in sequence:
        before = run.known.get(pool or "")
        decisions = run.step(kind, pool, value)
        is_worse = kind == "level" and isinstance(value, Level) and value >= (before or Level.OK)
        if is_worse or kind == "doubt":
            assert all(decision.alert.is_firing for decision in decisions)


@given(steps)
def test_no_label_is_ever_empty_and_ids_tell_pool_and_level(sequence: list[tuple[str, str | None, object]]) -> None:
    run = Run()
    for step in sequence:
        run.step(*step)
    of_id: dict[str, set[tuple[str | None, str | None, str | None, str]]] = {}
    for decision in run.log:
        labels = decision.alert.labels
        assert all(labels.values())
        key = (decision.alert.pool, labels.get("level"), labels.get("cause"), labels["severity"])
        of_id.setdefault(decision.alert.alert_id, set()).add(key)
    assert all(len(keys) == 1 for keys in of_id.values())


@given(steps, st.integers(0, 40))
def test_a_restart_between_two_inputs_changes_no_decision(sequence: list[tuple[str, str | None, object]], cut: int) -> None:
    straight, cut_run = Run(), Run()
    for number, step in enumerate(sequence):
        if number == cut:
            cut_run.alerter = Alerter.restore(SETTINGS, cut_run.view, cut_run.alerter.state())
        straight.step(*step)
        cut_run.step(*step)
    assert straight.log == cut_run.log
    assert straight.alerter.state() == cut_run.alerter.state()
