"""Timetables of lost and regained inputs: what is lost never lowers a level, and what comes back releases what was held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.effects import CauseKind, LevelChanged, Repaired, TableApplied
from monitor.domain.events import OWN_SOURCE, AccountGap, AccountRemoved, AccountState, SettingsChanged, VenueFigures
from monitor.domain.ids import SourcePosition
from monitor.domain.instrument import Instrument
from monitor.domain.level import Level
from monitor.domain.tables import TableChanged, TableKey, TableKind, TableVersion
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from tests.support.engine_market import START_NS, brackets, instrument, key
from tests.support.engine_oracle_margin import VENUE
from tests.support.engine_timetable import BTC, Timetable, isolated_btc, long_btc, open_carol


@pytest.fixture
def table() -> Timetable:
    return Timetable()


def test_a_stale_price_holds_the_level_and_its_return_releases(table: Timetable) -> None:
    pool = open_carol(table)
    assert table.level(pool) is Level.NOTICE
    table.price(BTC, 36_000.0)
    assert table.level(pool) is Level.CRITICAL
    table.at(5.0).heartbeat()
    assert table.certainty(pool) is Certainty.FRESH
    table.at(5.1)
    assert table.certainties_of(table.effects)[-1] == (f"mark/{BTC}", DriverState.LIVE, DriverState.STALE)
    assert table.certainty(pool) is Certainty.STALE
    # A deposit while the price is stale makes the pool look safe: it is not known to be.
    deposited = table.state("carol", "50000", long_btc())
    assert table.levels_of(deposited) == []
    table.at(7.2).heartbeat()
    assert table.level(pool) is Level.CRITICAL
    back = table.price(BTC, 36_000.0)
    assert table.certainties_of(back) == [(f"mark/{BTC}", DriverState.STALE, DriverState.LIVE)]
    table.state("carol", "50000", long_btc())
    assert table.levels_of(table.at(9.3).effects)[-1] == (pool, Level.CRITICAL, Level.OK)


def test_while_a_price_is_stale_another_may_still_raise_the_level(table: Timetable) -> None:
    pool = open_carol(table)
    table.at(5.1).heartbeat()
    assert table.levels_of(table.fill("carol", "2", "40000")) == [(pool, Level.NOTICE, Level.CRITICAL)]
    assert table.certainty(pool) is Certainty.STALE


def test_a_silent_source_makes_its_accounts_stale_and_a_heartbeat_heals(table: Timetable) -> None:
    pool = open_carol(table)
    table.price(BTC, 36_000.0)
    table.at(6.0)
    assert table.certainty("carol") is Certainty.FRESH
    table.at(6.1)
    assert table.certainty("carol") is Certainty.STALE
    assert table.levels_of(table.price(BTC, 60_000.0)) == []
    assert table.level(pool) is Level.CRITICAL
    healed = table.heartbeat()
    assert table.certainties_of(healed) == [(f"{VENUE}:carol", Certainty.STALE, Certainty.FRESH)]
    assert table.levels_of(healed) == [(pool, Level.CRITICAL, Level.OK)]


def test_a_heartbeat_that_counts_more_than_arrived(table: Timetable) -> None:
    pool = open_carol(table)
    table.price(BTC, 36_000.0)
    assert table.certainties_of(table.heartbeat()) == []
    table.sent += 1
    assert table.certainties_of(table.heartbeat()) == [(f"{VENUE}:carol", Certainty.FRESH, Certainty.RECONCILING)]
    assert table.levels_of(table.price(BTC, 60_000.0)) == []
    assert table.certainties_of(table.heartbeat()) == []
    healed = table.state("carol", "5000", long_btc())
    assert table.certainty("carol") is Certainty.FRESH
    assert table.levels_of(healed) == [(pool, Level.CRITICAL, Level.OK)]


def test_records_that_arrive_and_are_not_used_count_as_arrived(table: Timetable) -> None:
    open_carol(table)
    table.fill("nobody", "1", "40000")
    table.numbers["carol", 1] += 1
    table.sent += 1
    gap = table.fields("carol") | {"source": OWN_SOURCE, "account_seq": 1}
    table.sent -= 1
    table.give(AccountGap(**gap, reason="a record was refused"), SourcePosition("account-events", 0, 9))
    table.state("carol", "5000", long_btc())
    assert table.certainty("carol") is Certainty.FRESH
    assert table.certainties_of(table.heartbeat()) == []


def test_a_hole_holds_until_a_complete_state_past_it(table: Timetable) -> None:
    pool = open_carol(table)
    table.price(BTC, 36_000.0)
    table.fill("carol", "0.001", "36000", skip=1)
    assert table.certainty("carol") is Certainty.RECONCILING
    assert table.levels_of(table.price(BTC, 60_000.0)) == []
    table.state("carol", "5000", long_btc("1.001"), complete=False)
    assert table.certainty("carol") is Certainty.RECONCILING
    healed = table.state("carol", "5000", long_btc("1.001", "39996.0039960039"))
    assert table.certainty("carol") is Certainty.FRESH
    assert table.levels_of(healed) == [(pool, Level.CRITICAL, Level.OK)]


def test_what_the_hole_swallowed_is_taken_from_the_state_that_heals_it(table: Timetable) -> None:
    open_carol(table)
    healed = table.state("carol", "3000", long_btc("2"), skip=2)
    repaired = [effect for effect in healed if isinstance(effect, Repaired)]
    assert [one[0] for one in repaired[0].differences] == [f"size/{BTC}/both", "wallet/USDT"]
    assert "gap" in repaired[0].suspected_cause
    assert table.certainty("carol") is Certainty.FRESH
    assert table.engine.holdings(f"{VENUE}:carol").wallets == {"USDT": Decimal(3000)}


def test_the_event_that_ends_the_silence_and_shows_a_hole_releases_nothing(table: Timetable) -> None:
    pool = open_carol(table)
    table.price(BTC, 36_000.0)
    table.at(6.1)
    table.price(BTC, 60_000.0)
    shown = table.fill("carol", "0.001", "60000", skip=1)
    assert table.levels_of(shown) == []
    assert table.certainties_of(shown) == [(f"{VENUE}:carol", Certainty.STALE, Certainty.RECONCILING)]
    assert table.level(pool) is Level.CRITICAL


def test_a_new_epoch_waits_for_its_complete_state_and_the_older_one_is_refused(table: Timetable) -> None:
    pool = open_carol(table)
    table.price(BTC, 36_000.0)
    table.restart_producer()
    assert table.certainties_of(table.heartbeat()) == [(f"{VENUE}:carol", Certainty.FRESH, Certainty.RECONCILING)]
    older = table.fill("carol", "1", "36000", source_epoch=1, account_seq=3)
    assert table.refusals_of(older) == [("source_epoch", "1")]
    table.sent -= 1
    table.numbers["carol", 2] -= 1
    assert table.levels_of(table.price(BTC, 60_000.0)) == []
    healed = table.state("carol", "5000", long_btc())
    assert table.levels_of(healed) == [(pool, Level.CRITICAL, Level.OK)]
    assert table.certainties_of(table.heartbeat()) == []


def test_the_heartbeat_of_an_older_epoch_is_no_sign_of_life(table: Timetable) -> None:
    open_carol(table)
    table.restart_producer()
    table.heartbeat()
    table.epoch = 1
    table.at(6.5)
    assert table.refusals_of(table.heartbeat(0)) == [("source_epoch", "1")]
    assert table.certainty("carol") is Certainty.STALE


def test_a_state_that_differs_is_compiled_beside_ours_and_the_second_one_adopted(table: Timetable) -> None:
    pool = open_carol(table)
    table.heartbeat()
    table.state("carol", "2000", long_btc())
    assert table.level(pool) is Level.NOTICE
    after_grace = table.at(2.1)
    assert table.levels_of(after_grace.effects)[-1] == (pool, Level.NOTICE, Level.CRITICAL)
    assert table.certainty("carol") is Certainty.UNVERIFIED
    assert table.engine.holdings(f"{VENUE}:carol").wallets == {"USDT": Decimal(5000)}
    table.state("carol", "2000", long_btc())
    table.at(4.3)
    repaired = [effect for effect in table.effects if isinstance(effect, Repaired)]
    assert repaired[0].differences == (("wallet/USDT", Decimal(5000), Decimal(2000)),)
    assert table.engine.holdings(f"{VENUE}:carol").wallets == {"USDT": Decimal(2000)}
    assert table.certainty("carol") is Certainty.FRESH
    assert table.level(pool) is Level.CRITICAL


def test_a_state_before_its_fill_is_no_difference(table: Timetable) -> None:
    open_carol(table)
    table.state("carol", "5000", long_btc("2"), complete=False)
    told = table.now_ns
    table.fill("carol", "1", "40000", ts_event_ns=told)
    table.at(3.0)
    assert table.certainty("carol") is Certainty.FRESH
    assert [p.size for p in table.engine.holdings(f"{VENUE}:carol").positions] == [Decimal(2)]


def test_figures_of_the_venue_out_of_range_are_unverified(table: Timetable) -> None:
    pool = open_carol(table)
    figures: dict[str, Any] = {"pool": f"{VENUE}:{pool}", "figures": {}, "mark_prices": {BTC: Decimal(40_000)}}
    table.give(VenueFigures(**table.fields("carol"), **figures, collateral_value=Decimal(4000)))
    table.at(2.1)
    assert table.certainty("carol") is Certainty.UNVERIFIED
    table.give(VenueFigures(**table.fields("carol"), **figures, collateral_value=Decimal(5000)))
    table.at(4.2)
    assert table.certainty("carol") is Certainty.FRESH


def test_the_comparison_with_the_venue_is_said_in_one_sentence(table: Timetable) -> None:
    pool = f"{VENUE}:{open_carol(table)}"
    figures: dict[str, Any] = {"pool": pool, "figures": {}, "mark_prices": {BTC: Decimal(40_000)}}
    table.give(VenueFigures(**table.fields("carol"), **figures, collateral_value=Decimal("5000.00")))
    table.at(2.1)
    status = table.engine.pool_status(pool)
    assert status is not None
    assert status.double_entry is not None
    assert status.double_entry.sentence.startswith("collateral_value: ours 5000.00, venue 5000.00 at ")
    assert status.double_entry.sentence.endswith("agrees to the last digit")
    assert status.venue_residual_ratio == 0.0
    table.give(VenueFigures(**table.fields("carol"), **figures, collateral_value=Decimal("4000.00")))
    table.at(4.2)
    status = table.engine.pool_status(pool)
    assert status is not None
    assert status.double_entry is not None
    assert status.double_entry.agrees is False
    assert status.venue_residual_ratio == 0.2
    assert any(status.double_entry.sentence in reason for reason in status.certainty_reasons)
    restored = Engine.restore(EngineSettings(), orjson.loads(orjson.dumps(table.engine.state()))).pool_status(pool)
    assert restored is not None
    assert restored.double_entry == status.double_entry


def test_the_venue_s_own_ratio_turns_switches_on_until_a_newer_one_is_inside(table: Timetable) -> None:
    pool = open_carol(table)

    def said(ratio: str) -> list[tuple[str, int | None, int | None]]:
        event = VenueFigures(**table.fields("carol"), pool=f"{VENUE}:{pool}", figures={}, margin_ratio=Decimal(ratio))
        return table.levels_of(table.give(event))

    assert said("0.80") == [(pool, Level.NOTICE, Level.CRITICAL)]
    assert said("0.73") == []
    assert table.levels_of(table.price(BTC, 60_000.0)) == []
    assert said("0.71") == [(pool, Level.CRITICAL, Level.OK)]


def test_an_isolated_fill_waits_for_its_wallet(table: Timetable) -> None:
    table.price(BTC, 40_000.0)
    table.declare("dave", isolated=(BTC,))
    table.state("dave", "30000", isolated_btc("1", "6000"))
    pool = "dave/isolated/BTCUSDT"
    assert table.level(pool) is Level.NOTICE
    # Four times the position on the wallet of one would be CRITICAL.
    assert table.levels_of(table.fill("dave", "3", "40000")) == []
    assert table.certainty("dave") is Certainty.RECONCILING
    assert table.levels_of(table.price(BTC, 40_001.0)) == []
    told = table.state("dave", "30000", isolated_btc("4", "25000"), complete=False)
    assert table.levels_of(told) == []
    assert table.certainty("dave") is Certainty.FRESH
    status = table.engine.pool_status(f"{VENUE}:{pool}")
    assert status is not None
    assert status.collateral_value == 25_000 + 4 * 1.0


def test_an_isolated_wallet_that_does_not_come_is_waited_for_three_seconds(table: Timetable) -> None:
    table.price(BTC, 40_000.0)
    table.declare("dave", isolated=(BTC,))
    table.state("dave", "9000", isolated_btc("1", "6000"))
    table.fill("dave", "3", "40000")
    assert table.level("dave/isolated/BTCUSDT") is Level.NOTICE
    table.at(2.9)
    assert table.certainty("dave") is Certainty.RECONCILING
    table.at(3.0)
    assert table.certainty("dave") is Certainty.FRESH
    assert table.level("dave/isolated/BTCUSDT") is Level.CRITICAL


def test_a_wallet_never_seen_leaves_the_pool_unknown_until_a_state_tells_it_at_any_time(table: Timetable) -> None:
    table.price(BTC, 40_000.0)
    table.declare("dave", isolated=(BTC,))
    table.state("dave", "9000")
    table.fill("dave", "1", "40000")
    for seconds in (3.1, 6.0, 9.0):
        table.at(seconds).heartbeat()
        table.price(BTC, 40_000.0)
    assert table.certainty("dave/isolated/BTCUSDT") is Certainty.UNKNOWN
    assert table.certainty("dave/cross/USDT") is Certainty.UNKNOWN
    assert table.level("dave/isolated/BTCUSDT") is None
    told = table.state("dave", "9000", isolated_btc("1", "6000"))
    assert table.levels_of(told) == [("dave/isolated/BTCUSDT", None, Level.NOTICE)]
    assert table.certainty("dave/cross/USDT") is Certainty.FRESH


def test_a_wallet_told_before_its_fill_is_not_waited_for(table: Timetable) -> None:
    table.price(BTC, 40_000.0)
    table.declare("dave", isolated=(BTC,))
    table.state("dave", "9000")
    table.state("dave", "9000", isolated_btc("1", "6000"), complete=False)
    filled = table.fill("dave", "1", "40000", ts_event_ns=table.now_ns)
    assert table.levels_of(filled) == [("dave/isolated/BTCUSDT", None, Level.NOTICE)]
    assert table.certainty("dave") is Certainty.FRESH


def test_a_scheduled_bracket_change_comes_at_its_time(table: Timetable) -> None:
    pool = open_carol(table)
    table.table(key(TableKind.LEVERAGE_BRACKETS, "BTCUSDT"), brackets(20), at=3.0)
    table.at(2.9)
    assert table.level(pool) is Level.NOTICE
    due = len(table.effects)
    table.at(3.0)
    found = table.effects[due:]
    assert table.levels_of(found) == [(pool, Level.NOTICE, Level.CRITICAL)]
    changed = next(effect for effect in found if isinstance(effect, LevelChanged))
    assert changed.cause.kind is CauseKind.TABLE
    assert changed.maintenance_margin == 40_000 * 0.08
    assert [effect.pools for effect in found if isinstance(effect, TableApplied)] == [1]


def test_versions_out_of_order_are_refused_and_the_stream_goes_on(table: Timetable) -> None:
    pool = open_carol(table)
    falling = tuple(TableVersion(version=f"v{at}", effective_ns=at, table=brackets(20)) for at in (2, 1))
    brackets_key = key(TableKind.LEVERAGE_BRACKETS, "BTCUSDT")
    refused = table.give(TableChanged(key=brackets_key, versions=falling, ts_recv_ns=START_NS))
    assert table.refusals_of(refused) == [("effective_ns", "1")]
    assert table.levels_of(table.price(BTC, 36_000.0)) == [(pool, Level.NOTICE, Level.CRITICAL)]


def test_terms_that_contradict_what_is_held_are_refused_by_rules_and_ledger_alike(table: Timetable) -> None:
    pool = open_carol(table)
    other = TableVersion(version="other", effective_ns=1, table=_with_contract_size(Decimal(10)), source="test")
    refused = table.give(TableChanged(key=key(TableKind.INSTRUMENT, "BTCUSDT"), versions=(other,), ts_recv_ns=START_NS))
    assert table.refusals_of(refused) == [("contract_size", "10")]
    assert table.levels_of(refused) == []
    table.fill("carol", "0.001", "40000")
    status = table.engine.pool_status(f"{VENUE}:{pool}")
    assert status is not None
    assert status.stress_notional == pytest.approx(40_040)


def _with_contract_size(size: Decimal) -> Instrument:
    known = instrument("BTCUSDT")
    fields = {name: getattr(known, name) for name in type(known).__dataclass_fields__}
    return type(known)(**(fields | {"contract_size": size}))


def test_an_unknown_instrument_is_read_when_its_table_comes(table: Timetable) -> None:
    open_carol(table)
    new = long_btc("1", "10")
    fields = {name: getattr(new, name) for name in type(new).__dataclass_fields__}
    position = type(new)(**(fields | {"instrument": f"{VENUE}:NEWUSDT"}))
    refused = table.state("carol", "7000", long_btc(), position)
    assert len(table.refusals_of(refused)) == 1
    assert table.certainty("carol") is Certainty.RECONCILING
    table.table(TableKey(VENUE, TableKind.INSTRUMENT, "NEWUSDT"), instrument("NEWUSDT"))
    table.at(0.2)
    # Known now, but without brackets there is no margin: unknown, never a default rate.
    assert table.certainty("carol") is Certainty.FRESH
    assert table.certainty("carol/cross/USDT") is Certainty.UNKNOWN
    status = table.engine.pool_status(f"{VENUE}:carol/cross/USDT")
    assert status is not None
    assert status.maintenance_margin is None
    assert status.certainty_reasons == (f"table {VENUE}/leverage_brackets/NEWUSDT not loaded",)
    assert status.level is Level.NOTICE


def test_a_withdrawn_table_leaves_the_level_as_it_is(table: Timetable) -> None:
    pool = open_carol(table)
    table.price(BTC, 36_000.0)
    brackets_key = key(TableKind.LEVERAGE_BRACKETS, "BTCUSDT")
    table.give(TableChanged(key=brackets_key, versions=(), ts_recv_ns=START_NS))
    assert table.certainty(pool) is Certainty.UNKNOWN
    assert table.levels_of(table.price(BTC, 60_000.0)) == []
    assert table.level(pool) is Level.CRITICAL
    table.table(brackets_key, brackets(1))
    assert table.levels_of(table.at(0.2).effects)[-1] == (pool, Level.CRITICAL, Level.OK)


def test_an_account_removed_ends_its_switches_whatever_its_certainty(table: Timetable) -> None:
    pool = open_carol(table)
    table.at(6.1)
    assert table.certainty("carol") is Certainty.STALE
    removed = table.give(AccountRemoved(**table.fields("carol"), reason="closed"))
    (changed,) = [effect for effect in removed if isinstance(effect, LevelChanged)]
    assert (changed.old, changed.new, changed.cause.kind) == (Level.NOTICE, None, CauseKind.REMOVED)
    assert table.engine.pool_status(f"{VENUE}:{pool}") is None
    assert table.engine.account_ids() == []


def test_a_change_of_mode_replaces_the_pools(table: Timetable) -> None:
    open_carol(table)
    changed = table.give(SettingsChanged(**table.fields("carol"), mode=AccountMode.MULTI_CURRENCY))
    assert ("carol/cross/USDT", Level.NOTICE, None) in table.levels_of(changed)
    # The one pool of all assets needs an index of USDT, which nobody has told.
    assert table.level("carol/cross") is None
    assert table.certainty("carol/cross") is Certainty.UNKNOWN


def test_a_pool_emptied_while_uncertain_is_released_when_certainty_returns(table: Timetable) -> None:
    pool = open_carol(table)
    table.price(BTC, 36_000.0)
    table.at(6.1)
    table.fill("carol", "-1", "41000", ts_recv_ns=START_NS)
    assert table.certainty("carol") is Certainty.STALE
    assert table.level(pool) is Level.CRITICAL
    assert table.levels_of(table.heartbeat()) == [(pool, Level.CRITICAL, Level.OK)]


@pytest.mark.parametrize("event", ["fill", "profile", "state"])
def test_a_refused_record_marks_its_account_alone(table: Timetable, event: str) -> None:
    open_carol(table)
    table.declare("dave", opens_empty=True)
    if event == "fill":
        refused = table.fill("carol", "0.0001", "40000")
    elif event == "profile":
        refused = table.give(SettingsChanged(**table.fields("carol"), profile="nobody"))
    else:
        refused = table.state("carol", "1", long_btc(), long_btc())
    assert len(table.refusals_of(refused)) == 1
    assert table.certainty("carol") is Certainty.RECONCILING
    assert table.certainty("dave") is Certainty.FRESH
    assert sum(table.engine.counters.records_refused.values()) == 1
    table.state("carol", "5000", long_btc())
    assert table.certainty("carol") is Certainty.FRESH


def test_a_state_that_can_no_longer_be_compared_is_a_doubt_and_no_crash(table: Timetable) -> None:
    """Sides of hedge mode, told before the account left it: refused when its grace is over."""
    open_carol(table)
    table.state("carol", "5000", long_btc("5"), complete=False, ts_event_ns=START_NS - 10**9)
    table.at(2.5)
    assert table.certainty("carol") in {Certainty.UNVERIFIED, Certainty.RECONCILING}
    table.state("carol", "5000", long_btc())
    assert table.certainty("carol") is Certainty.FRESH


def test_a_private_stream_is_fed_by_complete_states_alone() -> None:
    table = Timetable(EngineSettings(stream_sources=frozenset({"desk"})))
    open_carol(table)
    table.at(149.0)
    table.fill("carol", "0.001", "40000")
    assert table.certainty("carol") is Certainty.FRESH
    table.at(150.1)
    assert table.certainty("carol") is Certainty.STALE
    table.state("carol", "5000", long_btc("1.001", "40000"))
    assert table.certainty("carol") is Certainty.FRESH


def test_a_state_before_its_declaration_survives_a_restore(table: Timetable) -> None:
    table.price(BTC, 40_000.0)
    wallet = table.fields("erin")
    table.give(AccountState(**wallet, complete=True, positions=(long_btc(),), wallets=()))
    table.engine = type(table.engine).restore(EngineSettings(), table.engine.state())
    table.declare("erin")
    assert table.level("erin/cross/USDT") is Level.LIQUIDATION
    assert table.certainty("erin") is Certainty.FRESH


def test_a_margin_mode_told_for_a_flat_instrument_makes_the_next_position_isolated(table: Timetable) -> None:
    open_carol(table)
    setting = InstrumentSetting(instrument=f"{VENUE}:ETHUSDT", margin_mode=MarginMode.ISOLATED)
    table.give(SettingsChanged(**table.fields("carol"), instruments=(setting,)))
    table.fill("carol", "1", "2500", subject=f"{VENUE}:ETHUSDT")
    table.at(3.1)
    assert table.certainty("carol/isolated/ETHUSDT") is Certainty.UNKNOWN
