"""The Binance codec: what a frame or an answer becomes, and what it refuses with field, value and source."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from connectors.venues.binance.account_events import Origin
from connectors.venues.binance.frames import AccountEvents, Ignored, ListenKeyExpired, decode_frame
from connectors.venues.binance.market_frames import AssetIndexes, MarkPrices
from connectors.venues.binance.rest_account import account_modes, account_snapshot, figure_events, state_event
from connectors.venues.binance.rest_history import income_page, trade_page
from connectors.venues.binance.rest_tables import asset_index, instruments, leverage_brackets
from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountEventType, AccountState, Fee, Fill, FillCause, Funding, SettingsChanged, Transfer
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import LeverageBrackets, TableKind

SINGLE = Origin("binance_usdm", "binance_usdm:desk", "binance_usdm:stream", 7, AccountMode.SINGLE_CURRENCY)
MULTI = replace(SINGLE, mode=AccountMode.MULTI_CURRENCY)


def execution(**changes: object) -> bytes:
    order = {
        "s": "ETHUSDT",
        "c": "mine",
        "S": "SELL",
        "x": "TRADE",
        "i": 11,
        "l": "0.250",
        "L": "3500.10",
        "n": "0.17",
        "N": "USDT",
        "t": 42,
        "rp": "-1.5",
        "ps": "LONG",
    }
    return orjson.dumps({"e": "ORDER_TRADE_UPDATE", "E": 1700000000002, "T": 1700000000001, "o": {**order, **changes}})


def update(reason: str, balances: list[dict[str, str]], positions: list[dict[str, str]] | None = None) -> bytes:
    body = {"m": reason, "B": balances, "P": positions or []}
    return orjson.dumps({"e": "ACCOUNT_UPDATE", "E": 1700000000002, "T": 1700000000001, "a": body})


def events(raw: bytes, origin: Origin = SINGLE) -> list[AccountEventType]:
    decoded = decode_frame(raw, 9, "test", origin)
    assert isinstance(decoded, AccountEvents)
    return decoded.events


def test_an_execution_becomes_a_fill_with_its_sign_fee_and_pnl() -> None:
    (fill,) = events(execution())
    assert isinstance(fill, Fill)
    assert (fill.size, fill.fill_price, fill.fee, fill.fee_asset) == (
        Decimal("-0.250"),
        Decimal("3500.10"),
        Decimal("0.17"),
        "USDT",
    )
    assert (fill.realised_pnl, fill.position_side, fill.cause) == (Decimal("-1.5"), PositionSide.LONG, FillCause.ORDER)
    assert fill.identity == ("binance_usdm:desk", "binance_usdm:ETHUSDT", "42", "11", "sell")
    assert (fill.ts_event_ns, fill.ts_recv_ns) == (1_700_000_000_001_000_000, 9)


@pytest.mark.parametrize(
    ("client_id", "execution_type", "cause"),
    [
        ("autoclose-1700", "CALCULATED", FillCause.LIQUIDATION),
        ("adl_autoclose", "TRADE", FillCause.ADL),
        ("settlement_autoclose-3", "TRADE", FillCause.SETTLEMENT),
        ("mine", "CALCULATED", FillCause.LIQUIDATION),
    ],
)
def test_the_cause_is_read_from_the_client_id_and_the_execution_type(
    client_id: str, execution_type: str, cause: FillCause
) -> None:
    (fill,) = events(execution(c=client_id, x=execution_type))
    assert isinstance(fill, Fill)
    assert fill.cause is cause


def test_no_commission_is_no_fee() -> None:
    (fill,) = events(execution(n=None, N=None))
    assert isinstance(fill, Fill)
    assert (fill.fee, fill.fee_asset) == (Decimal(0), None)


@pytest.mark.parametrize(
    ("field", "value"), [("l", "abc"), ("l", "1_0"), ("l", "NaN"), ("L", ""), ("t", 0), ("ps", "UP"), ("S", "HOLD"), ("l", "0")]
)
def test_an_execution_that_cannot_be_used_is_refused_with_its_value(field: str, value: object) -> None:
    with pytest.raises(BadInput) as refused:
        events(execution(**{field: value}))
    assert "test ORDER_TRADE_UPDATE" in refused.value.source
    assert refused.value.field
    assert str(refused.value.value) == str(Decimal(0) if value == "0" else value)


def test_an_order_without_execution_is_ignored() -> None:
    assert decode_frame(execution(x="NEW"), 9, "test", SINGLE) == Ignored("an order without execution", "ORDER_TRADE_UPDATE")


def test_funding_of_a_cross_position_moves_money_before_the_wallet_is_stated() -> None:
    money, state = events(update("FUNDING_FEE", [{"a": "USDT", "wb": "99.5", "cw": "99.5", "bc": "-0.5"}]))
    assert isinstance(money, Funding)
    assert isinstance(state, AccountState)
    assert (money.asset, money.amount, money.pool) == ("USDT", Decimal("-0.5"), None)
    assert (state.complete, state.wallets[0].balance, state.positions) == (False, Decimal("99.5"), ())


def test_funding_of_an_isolated_position_names_its_pool() -> None:
    row = {"s": "BTCUSDT", "pa": "1", "ep": "5", "mt": "isolated", "iw": "90", "ps": "LONG"}
    money, state = events(update("FUNDING_FEE", [{"a": "USDT", "wb": "9", "cw": "0", "bc": "0.1"}], [row]))
    assert isinstance(money, Funding)
    assert isinstance(state, AccountState)
    assert money.pool == "binance_usdm:desk/isolated/BTCUSDT/long"
    assert (state.positions[0].margin_mode, state.positions[0].isolated_wallet) == (MarginMode.ISOLATED, Decimal(90))


@pytest.mark.parametrize(("origin", "pool"), [(SINGLE, "binance_usdm:desk/cross/BTC"), (MULTI, "binance_usdm:desk/cross")])
def test_a_withdrawal_leaves_the_pool_that_the_mode_says(origin: Origin, pool: str) -> None:
    money, _ = events(update("WITHDRAW", [{"a": "BTC", "wb": "1", "cw": "1", "bc": "-0.25"}]), origin)
    assert isinstance(money, Transfer)
    assert (money.amount, money.from_pool, money.to_pool) == (Decimal("0.25"), pool, None)


def test_an_insurance_clearance_is_a_fee_paid() -> None:
    money, _ = events(update("INSURANCE_CLEAR", [{"a": "USDT", "wb": "1", "cw": "1", "bc": "-3"}]))
    assert isinstance(money, Fee)
    assert money.amount == Decimal(3)


@pytest.mark.parametrize("reason", ["ORDER", "MARGIN_TRANSFER"])
def test_what_stays_in_the_wallet_moves_no_money(reason: str) -> None:
    assert len(events(update(reason, [{"a": "USDT", "wb": "1", "cw": "1", "bc": "5"}]))) == 1


def test_a_new_leverage_and_a_new_mode_are_settings() -> None:
    head = b'{"e":"ACCOUNT_CONFIG_UPDATE","E":2,"T":1,'
    (leverage,) = events(head + b'"ac":{"s":"BTCUSDT","l":25}}')
    (mode,) = events(head + b'"ai":{"j":true}}')
    assert isinstance(leverage, SettingsChanged)
    assert isinstance(mode, SettingsChanged)
    assert leverage.instruments[0].leverage == Decimal(25)
    assert mode.mode is AccountMode.MULTI_CURRENCY


def test_an_unknown_event_is_ignored_and_said_to_be_unknown() -> None:
    assert decode_frame(b'{"e":"NEW_THING","E":1}', 9, "test") == Ignored("unknown event type", "NEW_THING", unknown=True)


def test_an_account_event_on_a_public_socket_is_not_guessed_to_be_ours() -> None:
    decoded = decode_frame(execution(), 9, "test")
    assert isinstance(decoded, Ignored)
    assert decoded.unknown


def test_an_expired_listen_key_is_a_notice_of_its_own() -> None:
    assert decode_frame(b'{"e":"listenKeyExpired","E":5,"listenKey":"k"}', 9, "test", SINGLE) == ListenKeyExpired(5_000_000)


def test_a_bad_row_of_marks_is_refused_alone_and_a_zero_is_no_price() -> None:
    rows = [("AUSDT", "1.5"), ("BUSDT", "x"), ("CUSDT", "0.00000000"), ("DUSDT", ""), ("EUSDT", "-1"), ("FUSDT", "0.1")]
    raw = orjson.dumps([{"e": "markPriceUpdate", "E": 3, "s": symbol, "p": text} for symbol, text in rows])
    decoded = decode_frame(b'{"stream":"!markPrice@arr@1s","data":' + raw + b"}", 9, "test")
    assert isinstance(decoded, MarkPrices)
    assert [(row.symbol, row.mark_price) for row in decoded.rows] == [("AUSDT", 1.5), ("FUSDT", 0.1)]
    assert [(error.field, error.value) for error in decoded.refused] == [("BUSDT.p", "x"), ("EUSDT.p", "-1")]
    assert decoded.not_applicable == 2


def test_an_asset_index_names_its_asset() -> None:
    raw = b'[{"e":"assetIndexUpdate","E":3,"s":"BTCUSD","i":"60000.5","b":"0.05","a":"0.05"}]'
    decoded = decode_frame(raw, 9, "test")
    assert isinstance(decoded, AssetIndexes)
    assert decoded.rows == [("BTC", 60000.5, 3_000_000, "0.05", "0.05")]


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[1]", b'"x"', b'{"data":1,"stream":"x"}', b"\xff\xfe"])
def test_what_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        decode_frame(raw, 9, "test", SINGLE)


def symbol_row(symbol: str, contract_type: str) -> dict[str, object]:
    return {
        "symbol": symbol,
        "contractType": contract_type,
        "deliveryDate": 1711699200000,
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "stepSize": "0.001", "limit": 5},
        ],
    }


def test_instruments_are_read_and_an_unknown_contract_is_refused_alone() -> None:
    rows = [
        symbol_row("BTCUSDT", "PERPETUAL"),
        symbol_row("BTCUSDT_240329", "CURRENT_QUARTER"),
        symbol_row("OLD", ""),
        symbol_row("ODD", "CUBE"),
    ]
    read = instruments(orjson.dumps({"symbols": rows}), "binance_usdm", "test")
    perpetual = read.tables[TableKind.INSTRUMENT, "BTCUSDT"]
    future = read.tables[TableKind.INSTRUMENT, "BTCUSDT_240329"]
    assert isinstance(perpetual, Instrument)
    assert isinstance(future, Instrument)
    assert (perpetual.kind, perpetual.expiry_ns, perpetual.size_step) == (
        InstrumentKind.LINEAR_PERPETUAL,
        None,
        Decimal("0.001"),
    )
    assert future.expiry_ns == 1_711_699_200_000_000_000
    assert len(read.tables) == 2
    assert [error.value for error in read.refused] == ["CUBE"]


def test_brackets_are_read_from_their_text_and_never_through_a_float() -> None:
    raw = (
        b'[{"symbol":"BTCUSDT","brackets":['
        b'{"bracket":2,"initialLeverage":100,"notionalCap":250000,"notionalFloor":50000,"maintMarginRatio":0.0065,"cum":125.0},'
        b'{"bracket":1,"initialLeverage":125,"notionalCap":50000,"notionalFloor":0,"maintMarginRatio":0.004,"cum":0.0}]}]'
    )
    table = leverage_brackets(raw, "test").tables[TableKind.LEVERAGE_BRACKETS, "BTCUSDT"]
    assert isinstance(table, LeverageBrackets)
    assert [row.maintenance_margin_rate for row in table.brackets] == [Decimal("0.004"), Decimal("0.0065")]


def test_brackets_that_jump_are_refused_and_scaled_ones_are_doubted() -> None:
    raw = (
        b'[{"symbol":"A","brackets":['
        b'{"initialLeverage":9,"notionalCap":5,"notionalFloor":1,"maintMarginRatio":0.1,"cum":0}]},'
        b'{"symbol":"B","notionalCoef":1.5,"brackets":['
        b'{"initialLeverage":9,"notionalCap":5,"notionalFloor":0,"maintMarginRatio":0.1,"cum":0}]}]'
    )
    read = leverage_brackets(raw, "test")
    assert [key[1] for key in read.tables] == ["B"]
    assert read.unverified == {"B"}
    assert "must start at notional 0" in read.refused[0].reason


def test_asset_index_answers_give_a_price_and_a_table() -> None:
    raw = b'[{"symbol":"USDTUSD","time":5,"index":"0.99987691","bidBuffer":"0.0001","askBuffer":"0.0002"}]'
    indexes, tables = asset_index(raw, "test")
    assert indexes.rows[0].asset == "USDT"
    assert tables.tables.keys() == {(TableKind.ASSET_INDEX, "USDT")}


MODES = account_modes(
    b'{"dualSidePosition":false,"multiAssetsMargin":false}',
    b'[{"symbol":"BTCUSDT","marginType":"CROSSED","leverage":20},{"symbol":"ETHUSDT","marginType":"ISOLATED","leverage":5}]',
    "binance_usdm",
    "test",
)


def account_answer(size: str = "0.5") -> bytes:
    asset = {
        "asset": "USDT",
        "walletBalance": "1000",
        "marginBalance": "1090",
        "maintMargin": "150",
        "crossWalletBalance": "800",
        "updateTime": 50,
    }
    return orjson.dumps(
        {
            "totalMaintMargin": "150", "totalMarginBalance": "1090", "assets": [asset],
            "positions": [
                {"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": size, "updateTime": 60},
                {"symbol": "ETHUSDT", "positionSide": "BOTH", "positionAmt": "-2", "updateTime": 40},
            ],
        }
    )  # fmt: skip


def risk_row(symbol: str, size: str, pnl: str, wallet: str, required: str, liquidation: str) -> dict[str, object]:
    return {
        "symbol": symbol,
        "positionSide": "BOTH",
        "positionAmt": size,
        "entryPrice": "100",
        "markPrice": "300",
        "unRealizedProfit": pnl,
        "isolatedMargin": wallet,
        "isolatedWallet": wallet,
        "maintMargin": required,
        "marginAsset": "USDT",
        "liquidationPrice": liquidation,
        "adl": 2,
        "updateTime": 60,
    }


RISK = orjson.dumps(
    [risk_row("BTCUSDT", "0.5", "100", "0", "120", "0"), risk_row("ETHUSDT", "-2", "-10", "200", "30", "377.1")]
)


def test_a_snapshot_is_a_complete_state_with_the_pools_that_the_venue_liquidates() -> None:
    snapshot = account_snapshot(account_answer(), RISK, MODES, SINGLE, "test")
    state = state_event(snapshot, 70, 80, SINGLE)
    assert state.complete
    assert {p.instrument: (p.margin_mode, p.isolated_wallet, p.leverage) for p in state.positions} == {
        "binance_usdm:BTCUSDT": (MarginMode.CROSS, None, Decimal(20)),
        "binance_usdm:ETHUSDT": (MarginMode.ISOLATED, Decimal(200), Decimal(5)),
    }
    assert snapshot.sizes_agree
    assert snapshot.changed_ns == 60_000_000
    cross, isolated = figure_events(snapshot, 70, 80, SINGLE)
    assert (cross.pool, cross.collateral_value, cross.maintenance_margin) == (
        "binance_usdm:desk/cross/USDT",
        Decimal(900),
        Decimal(120),
    )
    assert cross.mark_prices == {"binance_usdm:BTCUSDT": Decimal(300)}
    assert cross.liquidation_prices == {}
    assert (isolated.pool, isolated.collateral_value, isolated.margin_ratio) == (
        "binance_usdm:desk/isolated/ETHUSDT",
        Decimal(190),
        Decimal(30) / Decimal(190),
    )


def test_in_multi_assets_mode_the_figures_are_the_printed_totals() -> None:
    figures = account_snapshot(account_answer(), RISK, replace(MODES, mode=AccountMode.MULTI_CURRENCY), MULTI, "test").figures
    assert (figures[0].pool, figures[0].collateral_value, figures[0].maintenance_margin) == (
        "binance_usdm:desk/cross",
        Decimal(1090),
        Decimal(150),
    )
    assert figures[0].mark_prices == {}


def test_answers_read_around_a_change_do_not_agree() -> None:
    assert not account_snapshot(account_answer("0.7"), RISK, MODES, SINGLE, "test").sizes_agree


def test_a_position_whose_margin_type_nobody_tells_is_refused() -> None:
    row = risk_row("NEWUSDT", "1", "0", "0", "1", "")
    with pytest.raises(BadInput, match="no margin type is known"):
        account_snapshot(account_answer(), orjson.dumps([row]), MODES, SINGLE, "test")


def test_hedge_mode_is_read_from_the_account_configuration() -> None:
    modes = account_modes(b'{"dualSidePosition":true,"multiAssetsMargin":true}', b"[]", "binance_usdm", "test")
    assert (modes.position_mode, modes.mode) == (PositionMode.HEDGE, AccountMode.MULTI_CURRENCY)


def test_a_trade_of_rest_has_the_identity_of_its_push() -> None:
    row = {
        "symbol": "ETHUSDT",
        "id": 42,
        "orderId": 11,
        "side": "SELL",
        "positionSide": "LONG",
        "price": "3500.10",
        "qty": "0.250",
        "commission": "0.17",
        "commissionAsset": "USDT",
        "realizedPnl": "-1.5",
        "time": 1700000000001,
    }
    page = trade_page(orjson.dumps([row]), 9, SINGLE, "test")
    (pushed,) = events(execution())
    assert page.fills == [pushed]
    assert page.last_id == 42


def test_income_gives_money_once_and_names_the_symbols_that_traded() -> None:
    rows = [
        {"symbol": "BTCUSDT", "incomeType": "COMMISSION", "income": "-1", "asset": "USDT", "time": 1, "tranId": 1},
        {"symbol": "BTCUSDT", "incomeType": "FUNDING_FEE", "income": "0.3", "asset": "USDT", "time": 2, "tranId": 2},
        {"symbol": "", "incomeType": "TRANSFER", "income": "-4", "asset": "USDT", "time": 3, "tranId": 3},
    ]
    page = income_page(orjson.dumps(rows), 9, SINGLE, "test")
    assert page.traded_symbols == {"BTCUSDT"}
    assert [type(event) for event in page.events] == [Funding, Transfer]
    assert page.last_ms == 3
