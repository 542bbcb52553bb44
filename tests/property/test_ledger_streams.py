"""Streams of every kind of event: order, snapshots, comparison, adoption, refusal."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.book.ledger import FillKind, Ledger
from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import (
    AccountDeclared,
    AccountState,
    Fill,
    Funding,
    PositionState,
    SettingsChanged,
    Transfer,
    WalletState,
)
from monitor.domain.instrument import Instrument, InstrumentKind

SYMBOLS = ("sim:AUSDT", "sim:BUSDT", "sim:CUSD")
NAMES = ("sim:one", "sim:two")
LONG_PRINT = Context(prec=45)
PROFILE = settings(derandomize=True, deadline=None, max_examples=150)

Event = Fill | Funding | Transfer | SettingsChanged


def base(account: str, ts_event_ns: int, number: int = 0) -> dict[str, Any]:
    return {
        "account": account,
        "event_id": f"e{number}",
        "ts_event_ns": ts_event_ns,
        "ts_recv_ns": ts_event_ns,
        "source": "test",
        "source_epoch": 1,
        "account_seq": 1,
    }


def new_ledger() -> Ledger:
    ledger = Ledger()
    for symbol in SYMBOLS:
        inverse = symbol.endswith("USD")
        ledger.set_instrument(
            Instrument(
                instrument=symbol,
                kind=InstrumentKind.INVERSE_PERPETUAL if inverse else InstrumentKind.LINEAR_PERPETUAL,
                base=symbol[4],
                quote="USD" if inverse else "USDT",
                settle_asset=symbol[4] if inverse else "USDT",
                contract_size=Decimal(100) if inverse else Decimal(1),
                size_step=Decimal(1) if inverse else Decimal("0.001"),
                price_step=Decimal("0.1"),
            )
        )
    for name in NAMES:
        ledger.declare(AccountDeclared(**base(name, 0), mode=AccountMode.SINGLE_CURRENCY, position_mode=PositionMode.ONE_WAY))
    return ledger


def apply(ledger: Ledger, event: Event) -> None:
    if isinstance(event, Fill):
        ledger.apply_fill(event)
    elif isinstance(event, SettingsChanged):
        ledger.apply_settings(event)
    else:
        ledger.apply_cash(event)


@st.composite
def streams(draw: st.DrawFn, accounts: tuple[str, ...] = NAMES, most: int = 25) -> list[Event]:
    """Events with growing venue times, whole sizes, prices on the tick."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, most))):
        common = base(draw(st.sampled_from(accounts)), (number + 1) * 1000, number)
        symbol = draw(st.sampled_from(SYMBOLS))
        asset = symbol[4] if symbol.endswith("USD") else "USDT"
        kind = draw(st.sampled_from(("fill", "fill", "fill", "fill", "funding", "transfer", "isolated", "settings")))
        amount = Decimal(draw(st.integers(1, 10**12))).scaleb(-8)
        name = str(common["account"])
        pool = f"{name}/isolated/{symbol[4:]}"
        if kind == "fill":
            size = draw(st.integers(-4, 4).filter(bool))
            printed = draw(st.none() | st.integers(-(10**10), 10**10))
            events.append(
                Fill(
                    **common,
                    instrument=symbol,
                    trade_id=str(number),
                    order_id="o",
                    size=Decimal(size),
                    fill_price=Decimal(draw(st.integers(1000, 5000))) / 10,
                    fee=amount / 1000,
                    fee_asset=asset,
                    realised_pnl=None if printed is None else Decimal(printed).scaleb(-8),
                    margin_mode=draw(st.sampled_from((None, None, MarginMode.ISOLATED, MarginMode.CROSS))),
                )
            )
        elif kind == "funding":
            pools = draw(st.sampled_from((None, pool)))
            events.append(Funding(**common, asset=asset, amount=-amount, pool=pools))
        elif kind == "transfer":
            events.append(Transfer(**common, asset=asset, amount=amount, to_pool=f"{name}/cross"))
        elif kind == "isolated":
            events.append(Transfer(**common, asset=asset, amount=amount, from_pool=f"{name}/cross", to_pool=pool))
        else:
            setting = InstrumentSetting(instrument=symbol, leverage=Decimal(draw(st.integers(1, 20))))
            events.append(SettingsChanged(**common, instruments=(setting,)))
    return events


def venue_state(ledger: Ledger, account: str, ts_event_ns: int) -> AccountState:
    """What a venue that holds just what this ledger holds would state, entry prices printed long enough to be exact."""
    held = ledger.holdings(account)
    positions = []
    for position in held.positions:
        contracts = position.size
        if position.instrument.endswith("USD"):
            entry = LONG_PRINT.divide(-contracts * 100, position.cost)
        else:
            entry = LONG_PRINT.divide(position.cost, contracts)
        positions.append(
            PositionState(
                instrument=position.instrument,
                position_side=position.position_side,
                size=position.size,
                entry_price=entry,
                margin_mode=position.margin_mode,
                isolated_wallet=position.isolated_wallet,
                leverage=position.leverage,
            )
        )
    wallets = tuple(WalletState(asset=name, balance=balance) for name, balance in held.wallets.items())
    return AccountState(**base(account, ts_event_ns), complete=True, positions=tuple(positions), wallets=wallets)


def has_odd_cost(ledger: Ledger, account: str) -> bool:
    """Random printed figures may turn a cost round: no entry price can say that."""
    return any(
        position.cost * position.size * (-1 if position.instrument.endswith("USD") else 1) <= 0
        for position in ledger.holdings(account).positions
    )


@PROFILE
@given(streams(), st.randoms(use_true_random=False))
def test_events_of_different_accounts_may_come_in_any_order(events: list[Event], chance: random.Random) -> None:
    one, other = new_ledger(), new_ledger()
    for event in events:
        apply(one, event)
    by_account = [[event for event in events if event.account == name] for name in NAMES]
    while any(by_account):
        queue = chance.choice([queue for queue in by_account if queue])
        apply(other, queue.pop(0))
    assert one.state()["accounts"] == other.state()["accounts"]
    one.check_invariants()


@PROFILE
@given(streams(accounts=NAMES[:1]), st.randoms(use_true_random=False))
def test_cash_may_come_in_any_order(events: list[Event], chance: random.Random) -> None:
    cash = [event for event in events if isinstance(event, (Funding, Transfer))]
    shuffled = list(cash)
    chance.shuffle(shuffled)
    one, other = new_ledger(), new_ledger()
    for event in cash:
        apply(one, event)
    for event in shuffled:
        apply(other, event)
    assert one.holdings(NAMES[0]) == other.holdings(NAMES[0])


@PROFILE
@given(streams(), st.data())
def test_a_snapshot_anywhere_gives_the_same_end(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    straight, resumed = new_ledger(), new_ledger()
    for event in events:
        apply(straight, event)
    for event in events[:cut]:
        apply(resumed, event)
    resumed = Ledger.restore(orjson.loads(orjson.dumps(resumed.state())))
    for event in events[cut:]:
        apply(resumed, event)
    assert orjson.dumps(resumed.state()) == orjson.dumps(straight.state())
    for event in events:
        if isinstance(event, Fill):
            assert resumed.apply_fill(event).kind is FillKind.DUPLICATE
    resumed.check_invariants()


@PROFILE
@given(streams(accounts=NAMES[:1]), st.data())
def test_a_state_from_the_middle_agrees_and_changes_nothing(events: list[Event], data: st.DataObject) -> None:
    """The venue's state of an earlier time meets a ledger that has gone on: what came later is taken out."""
    cut = data.draw(st.integers(0, len(events)))
    ledger = new_ledger()
    for event in events[:cut]:
        apply(ledger, event)
    if has_odd_cost(ledger, NAMES[0]):
        return
    state = venue_state(ledger, NAMES[0], cut * 1000 + 500)
    for event in events[cut:]:
        apply(ledger, event)
    assert ledger.compare(state) == ()
    before = ledger.holdings(NAMES[0])
    ledger.adopt(state)
    after = ledger.holdings(NAMES[0])
    assert after.wallets == before.wallets
    assert [(p.size, p.cost) for p in after.positions] == [(p.size, p.cost) for p in before.positions]
    ledger.check_invariants()


@PROFILE
@given(streams(accounts=NAMES[:1]), st.data())
def test_adopting_gives_the_same_as_never_having_differed(events: list[Event], data: st.DataObject) -> None:
    """A ledger that missed one event adopts the venue's state: it ends where the one that missed nothing ends."""
    cut = data.draw(st.integers(1, len(events)))
    missed = data.draw(st.integers(0, cut - 1))
    truth, ours = new_ledger(), new_ledger()
    for event in events[:cut]:
        apply(truth, event)
    if has_odd_cost(truth, NAMES[0]):
        return
    state = venue_state(truth, NAMES[0], cut * 1000 + 500)
    for number, event in enumerate(events):
        if number >= cut:
            apply(truth, event)
        if number != missed:
            apply(ours, event)
    promised = ours.venue_holdings(state, NAMES[0])
    ours.adopt(state)
    held, expected = ours.holdings(NAMES[0]), truth.holdings(NAMES[0])
    assert held == promised
    ours.check_invariants()
    lost = events[missed]
    if isinstance(lost, Fill):
        assert ours.apply_fill(lost).kind is FillKind.CONTAINED
    zero = dict.fromkeys({*held.wallets, *expected.wallets}, Decimal(0))
    tolerance = Decimal("0.000001")  # a state prints entry prices; a cost that agrees within their printing is kept
    for asset in zero:
        assert abs(held.wallets.get(asset, zero[asset]) - expected.wallets.get(asset, zero[asset])) <= tolerance
    assert [(p.instrument, p.size) for p in held.positions] == [(p.instrument, p.size) for p in expected.positions]
    for one, other in zip(held.positions, expected.positions, strict=True):
        assert abs(one.cost - other.cost) <= tolerance * 10


@PROFILE
@given(streams(accounts=NAMES[:1]), st.data())
def test_each_injected_difference_is_seen(events: list[Event], data: st.DataObject) -> None:
    ledger = new_ledger()
    for event in events:
        apply(ledger, event)
    if has_odd_cost(ledger, NAMES[0]):
        return
    state = venue_state(ledger, NAMES[0], len(events) * 1000 + 500)
    assert ledger.compare(state) == ()
    name, wrong = data.draw(st.sampled_from(injected(state)))
    assert [difference.field.partition("/")[0] for difference in ledger.compare(wrong)] == [name]


def injected(state: AccountState) -> list[tuple[str, AccountState]]:
    """The state with one figure changed, dropped or added, each with the field that must be named."""
    wrong: list[tuple[str, AccountState]] = []
    for index, wallet in enumerate(state.wallets):
        others = state.wallets[:index] + state.wallets[index + 1 :]
        for step in (Decimal("0.000001"), Decimal("-0.000001")):
            moved = replace(wallet, balance=wallet.balance + step)
            wrong.append(("wallet", replace(state, wallets=(*others, moved))))
        if wallet.balance:
            wrong.append(("wallet", replace(state, wallets=others)))
    for index, position in enumerate(state.positions):
        others_held = state.positions[:index] + state.positions[index + 1 :]
        wrong.append(("size", replace(state, positions=others_held)))
        bigger = replace(position, size=position.size + 1)
        wrong.append(("size", replace(state, positions=(*others_held, bigger))))
        entry = replace(position, entry_price=position.entry_price * Decimal("1.01"))
        wrong.append(("entry_price", replace(state, positions=(*others_held, entry))))
    held = {position.instrument for position in state.positions}
    for symbol in SYMBOLS:
        if symbol not in held:
            extra = PositionState(instrument=symbol, position_side=PositionSide.BOTH, size=Decimal(1), entry_price=Decimal(100))
            wrong.append(("size", replace(state, positions=(*state.positions, extra))))
    wrong.append(("wallet", replace(state, wallets=(*state.wallets, WalletState(asset="EXTRA", balance=Decimal(1))))))
    return wrong


@PROFILE
@given(streams(), st.sampled_from(("instrument", "size", "fill_price", "fee", "position_side", "account", "realised_pnl")))
def test_a_refused_fill_changes_nothing(events: list[Event], field: str) -> None:
    ledger = new_ledger()
    for event in events:
        apply(ledger, event)
    before = orjson.dumps(ledger.state())
    good = Fill(
        **base(NAMES[0], 10**9),
        instrument=SYMBOLS[0],
        trade_id="bad",
        order_id="bad",
        size=Decimal(1),
        fill_price=Decimal(100),
        fee=Decimal(1),
        fee_asset="NEW",
    )
    bad: dict[str, Any] = {
        "instrument": "sim:NEVER",
        "size": Decimal("0.0005"),
        "fill_price": Decimal("1e-19"),
        "fee": Decimal("1e-13"),
        "position_side": PositionSide.LONG,
        "account": "sim:nobody",
        "realised_pnl": Decimal("1e30"),
    }
    with pytest.raises(BadInput) as refused:
        ledger.apply_fill(replace(good, **{field: bad[field]}))
    assert refused.value.field == field
    assert orjson.dumps(ledger.state()) == before
