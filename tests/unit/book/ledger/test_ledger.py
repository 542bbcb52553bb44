"""The ledger in single steps, with figures worked by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from monitor.book.ledger import Difference, FillKind, FillOutcome, Ledger
from monitor.book.ledger.event_ids import EventIds
from monitor.book.ledger.fixed_point import divide_half_even
from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import (
    AccountDeclared,
    AccountState,
    Fee,
    Fill,
    Funding,
    Interest,
    PositionState,
    SettingsChanged,
    Transfer,
    WalletState,
)
from monitor.domain.holdings import Order, Position
from monitor.domain.instrument import Instrument, InstrumentKind

ACCOUNT = "sim:carol"
BTC = "sim:BTCUSDT"
ISOLATED = "sim:carol/isolated/BTCUSDT"
SECOND_NS = 10**9

D = Decimal


def base(seconds: float, event_id: str = "") -> dict[str, Any]:
    ns = int(seconds * SECOND_NS)
    common = {"account": ACCOUNT, "event_id": event_id, "ts_event_ns": ns, "ts_recv_ns": ns}
    return common | {"source": "test", "source_epoch": 1, "account_seq": 1}


def btc(**changes: Any) -> Instrument:
    instrument = Instrument(
        instrument=BTC,
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base="BTC",
        quote="USDT",
        settle_asset="USDT",
        size_step=D("0.001"),
        price_step=D("0.1"),
    )
    return replace(instrument, **changes)


def make(position_mode: PositionMode = PositionMode.ONE_WAY, instrument: Instrument | None = None) -> Ledger:
    ledger = Ledger()
    ledger.set_instrument(instrument or btc())
    ledger.declare(AccountDeclared(**base(0), mode=AccountMode.SINGLE_CURRENCY, position_mode=position_mode))
    return ledger


def fill(seconds: float, size: str, fill_price: str, **more: Any) -> Fill:
    given: dict[str, Any] = {"trade_id": f"t{seconds}", "order_id": "o", "instrument": BTC} | more
    return Fill(**base(seconds), size=D(size), fill_price=D(fill_price), **given)


def state(seconds: float, size: str, entry: str, wallet: str, **more: Any) -> AccountState:
    position = PositionState(
        instrument=BTC,
        position_side=PositionSide.BOTH,
        size=D(size),
        entry_price=D(entry),
        **more,
    )
    wallets = (WalletState(asset="USDT", balance=D(wallet)),)
    return AccountState(**base(seconds), complete=True, positions=(position,), wallets=wallets)


def position_of(ledger: Ledger) -> Position:
    (position,) = ledger.holdings(ACCOUNT).positions
    return position


def usdt(ledger: Ledger) -> Decimal:
    return ledger.holdings(ACCOUNT).wallets["USDT"]


@pytest.mark.parametrize(
    ("fills", "size", "cost", "wallet"),
    [
        ([("2", "100")], "2", "200", "0"),
        ([("2", "100"), ("1", "130")], "3", "330", "0"),
        ([("2", "100"), ("-1", "110")], "1", "100", "10"),
        ([("2", "100"), ("-3", "110")], "-1", "-110", "20"),
        ([("-2", "100"), ("0.5", "90")], "-1.5", "-150", "5"),
        # 100 + 100 + 100.1 for 3; one third is released, rounded half even at 1e-12
        ([("2", "100"), ("1", "100.1"), ("-1", "100")], "2", "200.066666666667", "-0.033333333333"),
    ],
)
def test_open_add_reduce_flip(fills: list[tuple[str, str]], size: str, cost: str, wallet: str) -> None:
    ledger = make()
    for number, (traded, price) in enumerate(fills):
        ledger.apply_fill(fill(number + 1, traded, price))
    position = position_of(ledger)
    assert (position.size, position.cost, usdt(ledger)) == (D(size), D(cost), D(wallet))


def test_a_close_leaves_no_position_and_the_wallet_has_all() -> None:
    ledger = make()
    ledger.apply_fill(fill(1, "2", "100", fee=D("0.1"), fee_asset="BNB"))
    ledger.apply_fill(fill(2, "-2", "95"))
    assert ledger.holdings(ACCOUNT).positions == ()
    assert ledger.holdings(ACCOUNT).wallets == {"BNB": D("-0.1"), "USDT": D("-10")}
    assert ledger.position_instruments(ACCOUNT) == ()
    ledger.check_invariants()


def test_an_inverse_contract_counts_in_its_coin() -> None:
    inverse = btc(kind=InstrumentKind.INVERSE_PERPETUAL, settle_asset="BTC", quote="USD", contract_size=D(100), size_step=D(1))
    ledger = make(instrument=inverse)
    ledger.apply_fill(fill(1, "10", "50000"))
    assert position_of(ledger).cost == D("-0.02")
    ledger.apply_fill(fill(2, "-5", "40000"))
    # long 500 USD from 50000 to 40000: 500 * (1/50000 - 1/40000)
    assert ledger.holdings(ACCOUNT).wallets == {"BTC": D("-0.0025")}


def test_a_spot_fill_moves_two_wallets() -> None:
    ledger = make(instrument=btc(kind=InstrumentKind.SPOT))
    ledger.apply_fill(fill(1, "2", "100", fee=D("0.002"), fee_asset="BTC"))
    assert ledger.holdings(ACCOUNT).wallets == {"BTC": D("1.998"), "USDT": D("-200")}


def test_the_printed_realised_pnl_is_the_wallets() -> None:
    ledger = make()
    ledger.apply_fill(fill(1, "2", "100"))
    ledger.apply_fill(fill(2, "1", "100.1"))
    outcome = ledger.apply_fill(fill(3, "-1", "100", realised_pnl=D("-0.03333333")))
    assert outcome == FillOutcome(FillKind.APPLIED, rounding_exceeded=False, isolated=False)
    assert (position_of(ledger).cost, usdt(ledger)) == (D("200.06666667"), D("-0.03333333"))


@pytest.mark.parametrize(("printed", "exceeded"), [("-0.03333334", False), ("-0.03333335", True), ("0.00000000", True)])
def test_a_printed_figure_beyond_its_last_digit_is_told(printed: str, exceeded: bool) -> None:
    ledger = make()
    ledger.apply_fill(fill(1, "2", "100"))
    ledger.apply_fill(fill(2, "1", "100.1"))
    assert ledger.apply_fill(fill(3, "-1", "100", realised_pnl=D(printed))).rounding_exceeded is exceeded


def test_an_adopted_entry_price_explains_rounding_by_its_own_digits() -> None:
    ledger = make()
    ledger.adopt(state(1, "1000", "100.00001", "0"))
    assert not ledger.apply_fill(fill(2, "-1000", "101", realised_pnl=D("999.98500000"))).rounding_exceeded
    ledger.adopt(state(3, "1000", "100.00001", "0"))
    assert ledger.apply_fill(fill(4, "-1000", "101", realised_pnl=D("999.97000000"))).rounding_exceeded


def test_hedge_mode_keeps_a_long_and_a_short() -> None:
    ledger = make(PositionMode.HEDGE)
    ledger.apply_fill(fill(1, "2", "100", position_side=PositionSide.LONG))
    ledger.apply_fill(fill(2, "-1", "110", position_side=PositionSide.SHORT))
    held = [(p.position_side, p.size, p.cost) for p in ledger.holdings(ACCOUNT).positions]
    assert held == [(PositionSide.LONG, D(2), D(200)), (PositionSide.SHORT, D(-1), D(-110))]
    with pytest.raises(BadInput, match="reduces more") as refused:
        ledger.apply_fill(fill(3, "2", "100", position_side=PositionSide.SHORT))
    assert (refused.value.field, refused.value.value, refused.value.source) == ("size", "2", "test")


def test_a_fill_is_applied_once_and_one_before_the_agreed_state_is_contained() -> None:
    ledger = make()
    first = fill(1, "2", "100")
    assert ledger.apply_fill(first).kind is FillKind.APPLIED
    assert ledger.apply_fill(first).kind is FillKind.DUPLICATE
    ledger.mark_agreed(ACCOUNT, 5 * SECOND_NS)
    assert ledger.apply_fill(first).kind is FillKind.DUPLICATE
    assert ledger.apply_fill(fill(5, "1", "100")).kind is FillKind.CONTAINED
    assert ledger.apply_fill(fill(5.1, "1", "100")).kind is FillKind.APPLIED
    assert position_of(ledger).size == 3


def test_ids_end_ten_minutes_behind_the_agreed_state() -> None:
    ledger = make()
    old, new = fill(1, "2", "100"), fill(500, "2", "100")
    for event in (old, new):
        ledger.apply_fill(event)
    ledger.mark_agreed(ACCOUNT, 700 * SECOND_NS)
    assert ledger.apply_fill(old).kind is FillKind.CONTAINED
    assert ledger.apply_fill(new).kind is FillKind.DUPLICATE


def test_more_ids_than_the_bound_overflow_until_the_next_agreed_state() -> None:
    ledger = make()
    for number in range(20_000):
        ledger.apply_fill(fill(1 + number / 1000, "1", "100", trade_id=str(number)))
    assert not ledger.overflowed(ACCOUNT)
    ledger.apply_fill(fill(30, "1", "100", trade_id="last"))
    assert ledger.overflowed(ACCOUNT)
    ledger.mark_agreed(ACCOUNT, 2 * SECOND_NS)
    assert ledger.overflowed(ACCOUNT)
    ledger.mark_agreed(ACCOUNT, 31 * SECOND_NS)
    assert not ledger.overflowed(ACCOUNT)


def test_cash_by_its_signs_and_once_by_kind_and_id() -> None:
    ledger = make()
    events: list[Transfer | Funding | Fee | Interest] = [
        Transfer(**base(1, "a"), asset="USDT", amount=D(1000), to_pool=f"{ACCOUNT}/cross/USDT"),
        Funding(**base(2, "a"), asset="USDT", amount=D("-1.5"), instrument=BTC),
        Fee(**base(3, "a"), asset="USDT", amount=D(2)),
        Interest(**base(4, "a"), asset="USDT", amount=D(3)),
        Transfer(**base(5, "b"), asset="USDT", amount=D(100), from_pool=f"{ACCOUNT}/cross/USDT", to_pool="sim:other/cross"),
    ]
    assert [ledger.apply_cash(event) for event in events] == [True] * 5
    assert [ledger.apply_cash(event) for event in events] == [False] * 5
    assert usdt(ledger) == D("893.5")


def test_an_isolated_wallet_is_unknown_until_seen_then_moves_with_its_cash() -> None:
    ledger = make()
    assert ledger.apply_fill(fill(1, "2", "100", margin_mode=MarginMode.ISOLATED)).isolated
    into = Transfer(
        **base(2, "a"),
        asset="USDT",
        amount=D(5),
        from_pool=f"{ACCOUNT}/cross/USDT",
        to_pool=ISOLATED,
    )
    ledger.apply_cash(into)
    assert (position_of(ledger).isolated_wallet, usdt(ledger)) == (None, D(0))
    # stated as of a time before the transfer: the transfer stands on top
    ledger.take_isolated_wallets(state(1.5, "2", "100", "0", margin_mode=MarginMode.ISOLATED, isolated_wallet=D(20)))
    assert position_of(ledger).isolated_wallet == 25
    ledger.apply_cash(Funding(**base(3, "f"), asset="USDT", amount=D(-1), pool=ISOLATED))
    assert (position_of(ledger).isolated_wallet, usdt(ledger)) == (D(24), D(-1))
    ledger.apply_fill(fill(4, "-2", "100"))
    ledger.apply_fill(fill(5, "1", "100"))
    assert position_of(ledger).isolated_wallet is None


@pytest.mark.parametrize("pool", ["sim:carol/isolated/NEVERUSDT", "sim:other/cross", "sim:carol/what", ""])
def test_a_pool_that_cannot_be_meant_is_refused(pool: str) -> None:
    ledger = make()
    before = ledger.state()
    with pytest.raises(BadInput):
        ledger.apply_cash(Funding(**base(1, "f"), asset="USDT", amount=D(1), pool=pool))
    assert ledger.state() == before


def test_compare_takes_out_what_came_later_and_names_what_differs() -> None:
    ledger = make()
    ledger.apply_fill(fill(1, "2", "100"))
    said = state(2, "2", "100.0", "0")
    ledger.apply_fill(fill(3, "-1", "110", fee=D("0.5"), fee_asset="USDT"))
    assert ledger.compare(said) == ()
    assert ledger.compare(state(2, "3", "100.0", "7")) == (
        Difference("size/sim:BTCUSDT/both", D(2), D(3)),
        Difference("wallet/USDT", D(0), D(7)),
    )
    assert ledger.compare(state(2, "2", "100.1", "0"))[0].field == "entry_price/sim:BTCUSDT/both"


def test_adopt_puts_later_fills_on_top_and_takes_what_only_the_venue_knows() -> None:
    ledger = make()
    ledger.apply_fill(fill(3, "-1", "110"))
    orders = (Order(instrument=BTC, order_id="9", position_side=PositionSide.BOTH, size=D(1)),)
    said = replace(state(2, "2", "100.0", "50", leverage=D(20), adl_rank=3), orders=orders)
    promised = ledger.venue_holdings(said, ACCOUNT)
    ledger.adopt(said)
    held = ledger.holdings(ACCOUNT)
    assert held == promised
    assert held.orders == orders
    assert held.wallets == {"USDT": D(60)}
    position = position_of(ledger)
    assert (position.size, position.cost, position.leverage, position.adl_rank) == (D(1), D(100), D(20), 3)


def test_an_incomplete_state_changes_only_what_it_lists() -> None:
    ledger = make()
    ledger.apply_fill(fill(1, "2", "100"))
    ledger.apply_cash(Transfer(**base(1, "a"), asset="USDC", amount=D(9), to_pool=f"{ACCOUNT}/cross"))
    said = replace(state(2, "3", "100.0", "7"), complete=False)
    ledger.adopt(said)
    assert ledger.holdings(ACCOUNT).wallets == {"USDC": D(9), "USDT": D(7)}
    # the fill that the state ran ahead of is in it already
    assert ledger.apply_fill(fill(1.9, "1", "100")).kind is FillKind.CONTAINED
    assert position_of(ledger).size == 3


def test_a_later_contradiction_refuses_the_state_whole() -> None:
    ledger = make(PositionMode.HEDGE)
    ledger.apply_fill(fill(1, "2", "100", position_side=PositionSide.LONG))
    ledger.apply_fill(fill(3, "-2", "100", position_side=PositionSide.LONG))
    before = ledger.state()
    with pytest.raises(BadInput, match="reduces more"):
        ledger.adopt(AccountState(**base(2), complete=True))
    assert ledger.state() == before


def test_settings_are_kept_while_flat_and_shared_by_both_sides() -> None:
    ledger = make(PositionMode.HEDGE)
    setting = InstrumentSetting(instrument=BTC, margin_mode=MarginMode.ISOLATED, leverage=D(7))
    ledger.apply_settings(SettingsChanged(**base(1), instruments=(setting,)))
    ledger.apply_fill(fill(2, "-1", "100", position_side=PositionSide.SHORT))
    position = position_of(ledger)
    assert (position.margin_mode, position.leverage) == (MarginMode.ISOLATED, D(7))


def test_a_taker_fee_rate_is_kept_through_fills_states_and_a_restore() -> None:
    ledger = make()
    setting = InstrumentSetting(instrument=BTC, taker_fee_rate=D("0.00055"))
    ledger.apply_settings(SettingsChanged(**base(1), instruments=(setting,)))
    ledger.apply_fill(fill(2, "1", "100"))
    ledger.apply_settings(SettingsChanged(**base(3), instruments=(InstrumentSetting(instrument=BTC, leverage=D(7)),)))
    ledger.adopt(state(4, "2", "100.0", "50"))
    restored = Ledger.restore(ledger.state())
    assert restored.state() == ledger.state()
    position = position_of(restored)
    assert (position.size, position.leverage, position.taker_fee_rate) == (D(2), D(7), D("0.00055"))


def test_what_is_frozen_and_no_collateral_stays_until_told_otherwise() -> None:
    ledger = make()
    told = {"frozen": {"USDT": D(9), "BTC": D(0)}, "not_collateral": ("ETH", "BTC")}
    said = replace(state(2, "2", "100.0", "50"), **told)
    promised = ledger.venue_holdings(said, ACCOUNT)
    ledger.adopt(said)
    held = ledger.holdings(ACCOUNT)
    assert held == promised
    assert (held.frozen, held.not_collateral) == ({"USDT": D(9)}, ("BTC", "ETH"))
    ledger.adopt(state(3, "2", "100.0", "50"))
    assert Ledger.restore(ledger.state()).holdings(ACCOUNT) == ledger.holdings(ACCOUNT)
    assert ledger.holdings(ACCOUNT).frozen == {"USDT": D(9)}
    ledger.adopt(replace(state(4, "2", "100.0", "50"), frozen={}, not_collateral=()))
    assert (ledger.holdings(ACCOUNT).frozen, ledger.holdings(ACCOUNT).not_collateral) == ({}, ())


def test_loans_and_figures_of_the_venue_stay_until_told_otherwise() -> None:
    """A loan of 0 is none; a figure of 0 is one that the venue gave."""
    ledger = make()
    told = {"borrowed": {"USDT": D(9), "BTC": D(0)}, "venue_given": {"x": D(0), "a": D("-1.5")}}
    said = replace(state(2, "2", "100.0", "50"), **told)
    promised = ledger.venue_holdings(said, ACCOUNT)
    ledger.adopt(said)
    held = ledger.holdings(ACCOUNT)
    assert held == promised
    assert (held.borrowed, held.venue_given) == ({"USDT": D(9)}, {"a": D("-1.5"), "x": D(0)})
    ledger.adopt(replace(state(3, "2", "100.0", "50"), borrowed={}))
    assert Ledger.restore(ledger.state()).holdings(ACCOUNT) == ledger.holdings(ACCOUNT)
    assert (ledger.holdings(ACCOUNT).borrowed, ledger.holdings(ACCOUNT).venue_given) == ({}, held.venue_given)


def test_an_order_keeps_its_leverage_and_fee_rate_through_a_restore() -> None:
    ledger = make()
    told = {"leverage": D(50), "taker_fee_rate": D("0.0006")}
    order = Order(instrument=BTC, order_id="9", position_side=PositionSide.BOTH, size=D(1), **told)
    ledger.adopt(replace(state(2, "2", "100.0", "50"), orders=(order,)))
    assert Ledger.restore(ledger.state()).holdings(ACCOUNT).orders == (order,)


def test_a_finer_size_step_rescales_what_is_held_and_other_terms_cannot_change() -> None:
    ledger = make()
    ledger.apply_fill(fill(1, "2", "100"))
    ledger.set_instrument(btc(size_step=D("0.0005")))
    ledger.apply_fill(fill(2, "0.0005", "100"))
    ledger.set_instrument(btc(size_step=D("0.1")))
    assert position_of(ledger).size == D("2.0005")
    ledger.apply_fill(fill(3, "-2.0005", "100"))
    assert ledger.holdings(ACCOUNT).positions == ()
    ledger.apply_fill(fill(4, "1", "100"))
    with pytest.raises(BadInput):
        ledger.set_instrument(btc(contract_size=D(10)))


def test_removed_accounts_leave_nothing_to_the_next() -> None:
    ledger = make()
    ledger.apply_fill(fill(1, "2", "100"))
    ledger.remove(ACCOUNT)
    assert ACCOUNT not in ledger
    with pytest.raises(BadInput):
        ledger.apply_fill(fill(2, "2", "100"))
    ledger.declare(AccountDeclared(**base(3), mode=AccountMode.MULTI_CURRENCY, position_mode=PositionMode.ONE_WAY))
    assert list(ledger.accounts()) == [ACCOUNT]
    assert ledger.holdings(ACCOUNT).wallets == {}
    assert ledger.apply_fill(fill(1, "2", "100")).kind is FillKind.APPLIED
    ledger.check_invariants()


def test_a_restored_ledger_still_knows_how_far_its_cost_can_be_trusted() -> None:
    ledger = make()
    ledger.adopt(state(1, "1000", "100.00001", "0"))
    restored = Ledger.restore(ledger.state())
    assert not restored.apply_fill(fill(2, "-1000", "101", realised_pnl=D("999.98500000"))).rounding_exceeded


@pytest.mark.parametrize(
    ("numerator", "quotient"), [(5, 2), (7, 4), (6, 3), (1, 0), (3, 2), (-1, 0), (-3, -2), (-5, -2), (-7, -4)]
)
def test_halves_go_to_the_even_neighbour(numerator: int, quotient: int) -> None:
    assert divide_half_even(numerator, 2) == quotient


def test_an_id_is_found_only_where_an_id_stands() -> None:
    ids = EventIds()
    ids.add(0, bytes(range(16)), int.from_bytes(bytes(range(16, 24)), "little"))
    ids.add(0, bytes(range(24, 40)), 0)
    assert (0, bytes(range(16))) in ids
    assert (0, bytes(range(24, 40))) in ids
    # sixteen bytes across a hash and the time behind it, and across two records
    assert (0, bytes(range(8, 24))) not in ids
    assert (0, bytes(range(16, 32))) not in ids
