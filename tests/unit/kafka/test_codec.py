"""Records of every kind go out and come back the same; what is wrong is refused by name."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from connectors.kafka.account_codec import decode_account_record, encode_account_event, encode_heartbeat
from connectors.kafka.envelope import account_in
from connectors.kafka.price_codec import (
    decode_price,
    decode_venue_status,
    driver_of,
    encode_price,
    encode_venue_status,
    price_of,
)
from connectors.kafka.table_codec import decode_table_record, encode_table_changed
from monitor.domain.errors import BadInput
from monitor.domain.events import ACCOUNT_EVENT_KINDS, AccountEventType, Heartbeat, VenueStatus
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.tables import TABLE_TYPES, TableChanged
from tests.unit.kafka.samples import ACCOUNT, BTC, NOW_NS, every_account_event, every_table

KEY = ACCOUNT.encode()
AT = "kafka accounts/3@17"
HEARTBEAT = Heartbeat(source="core", source_epoch=7, partition=3, count=12, ts_event_ns=NOW_NS, ts_recv_ns=NOW_NS)
VENUE_STATUS = VenueStatus(venue="binance", status="reduce_only", ts_event_ns=NOW_NS, ts_recv_ns=NOW_NS)


def test_the_samples_hold_every_kind() -> None:
    assert {type(event) for event in every_account_event()} == set(ACCOUNT_EVENT_KINDS.values())
    assert {changed.key.kind for changed in every_table()} == set(TABLE_TYPES)


@pytest.mark.parametrize("event", every_account_event(), ids=lambda event: type(event).__name__)
def test_an_account_event_comes_back_the_same(event: AccountEventType) -> None:
    assert decode_account_record(KEY, encode_account_event(event), 3, AT) == event


def test_a_heartbeat_comes_back_the_same() -> None:
    assert decode_account_record(b"core", encode_heartbeat(HEARTBEAT), 3, AT) == HEARTBEAT


@pytest.mark.parametrize("changed", every_table(), ids=lambda changed: str(changed.key))
def test_a_table_comes_back_the_same(changed: TableChanged) -> None:
    assert decode_table_record(str(changed.key).encode(), encode_table_changed(changed), 0, AT) == changed


def test_a_null_table_is_withdrawn_at_the_time_of_its_record() -> None:
    changed = every_table()[0]
    withdrawn = decode_table_record(str(changed.key).encode(), None, 1_700_000_000_123, AT)
    assert withdrawn == TableChanged(key=changed.key, versions=(), ts_recv_ns=1_700_000_000_123_000_000)
    assert encode_table_changed(withdrawn) is None


def test_a_price_is_the_float_nearest_to_the_printed_decimal() -> None:
    record = decode_price(encode_price(DriverKind.MARK, "50000.10", 5, 6))
    assert (price_of(record), record.ts_event_ns, record.ts_recv_ns) == (50000.1, 5, 6)
    assert driver_of(BTC.encode(), record.kind, AT) == DriverKey(DriverKind.MARK, BTC)


def test_only_a_funding_index_may_be_below_zero() -> None:
    assert price_of(decode_price(encode_price(DriverKind.FUNDING_INDEX, "-0.5", 5, 6))) == -0.5
    assert price_of(decode_price(encode_price(DriverKind.MARK, "-0.5", 5, 6))) is None


def test_a_venue_status_comes_back_the_same() -> None:
    assert decode_venue_status(b"binance", encode_venue_status(VENUE_STATUS), AT) == VENUE_STATUS


PRICE = {"schema_version": 1, "kind": "mark", "price": "1.5", "ts_event_ns": 5, "ts_recv_ns": 6}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": "NaN"}, "price"),
        ({"price": "Infinity"}, "price"),
        ({"price": "1_000"}, "price"),
        ({"price": " 1"}, "price"),
        ({"price": "0"}, "price"),
        ({"price": "-1"}, "price"),
        ({"price": 1.5}, "price"),
        ({"price": None}, "price"),
        ({"price": ""}, "price"),
        ({"kind": "clock"}, "kind"),
        ({"kind": "last"}, "kind"),
        ({"kind": None}, "kind"),
        ({"ts_event_ns": -1}, "ts_event_ns"),
        ({"ts_recv_ns": 2**63}, "ts_recv_ns"),
        ({"ts_recv_ns": 1.5}, "ts_recv_ns"),
        ({"schema_version": 2}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
    ],
)
def test_a_bad_price_is_refused_by_field_and_value(change: dict[str, Any], field: str) -> None:
    value = orjson.dumps({**PRICE, **change})
    with pytest.raises(BadInput) as refused:
        decode_venue_status(BTC.encode(), value, AT)
    assert (refused.value.field, refused.value.source) == (field, AT)
    assert refused.value.value == change[field]


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff\xfe", b'"mark"'])
def test_what_is_no_object_is_refused(value: bytes | None) -> None:
    with pytest.raises(BadInput) as refused:
        decode_venue_status(BTC.encode(), value, AT)
    with pytest.raises(BadInput):
        decode_account_record(KEY, value, 3, AT)
    assert refused.value.field == "value"


@pytest.mark.parametrize("key", [None, b"", b"BTCUSDT", b"\xff:x"])
def test_a_price_whose_key_names_no_instrument_is_refused(key: bytes | None) -> None:
    with pytest.raises(BadInput) as refused:
        driver_of(key, "mark", AT)
    assert refused.value.field == "key"


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("fill", {"size": 1.5}, "size"),
        ("fill", {"size": 1}, "size"),
        ("fill", {"size": "NaN"}, "size"),
        ("fill", {"fill_price": "1_000"}, "fill_price"),
        ("fill", {"fill_price": "1e999"}, "fill_price"),
        ("fill", {"ts_event_ns": 2**63}, "ts_event_ns"),
        ("fill", {"ts_event_ns": 1.0e18}, "ts_event_ns"),
        ("fill", {"cause": "gift"}, "cause"),
        ("fill", {"account": "binance:desk-2"}, "account"),
        ("fill", {"kind": "fil"}, "kind"),
        ("fill", {"kind": 3}, "kind"),
        ("fill", {"schema_version": None}, "schema_version"),
        ("venue_figures", {"figures": {"totalMaintMargin": 12.5}}, "figures.totalMaintMargin"),
        ("venue_figures", {"mark_prices": {BTC: "inf"}}, f"mark_prices.{BTC}"),
        ("account_state", {"complete": "yes"}, "complete"),
        ("account_state", {"wallets": [{"asset": "USDT", "balance": 10}]}, "wallets[0].balance"),
    ],
)
def test_a_bad_account_event_is_refused_by_field_and_value(kind: str, change: dict[str, Any], field: str) -> None:
    event = next(event for event in every_account_event() if isinstance(event, ACCOUNT_EVENT_KINDS[kind]))
    value = orjson.dumps({**orjson.loads(encode_account_event(event)), **change})
    with pytest.raises(BadInput) as refused:
        decode_account_record(KEY, value, 3, AT)
    assert (refused.value.field, refused.value.source) == (field, AT)
    assert refused.value.value is not None or None in change.values()


@pytest.mark.parametrize(
    "change", [{"account_seq": 0}, {"source": ""}, {"size": "0"}, {"fill_price": "-1"}, {"fee_asset": None}]
)
def test_what_the_domain_refuses_is_a_bad_record(change: dict[str, Any]) -> None:
    fill = every_account_event()[3]
    value = orjson.dumps({**orjson.loads(encode_account_event(fill)), **change})
    with pytest.raises(BadInput) as refused:
        decode_account_record(KEY, value, 3, AT)
    assert next(iter(change)) in str(refused.value)


def test_a_missing_field_is_refused_by_name() -> None:
    plain = orjson.loads(encode_account_event(every_account_event()[3]))
    del plain["trade_id"]
    with pytest.raises(BadInput, match="trade_id"):
        decode_account_record(KEY, orjson.dumps(plain), 3, AT)


def test_unknown_fields_are_left_alone() -> None:
    fill = every_account_event()[3]
    value = orjson.dumps({**orjson.loads(encode_account_event(fill)), "venue_extra": 1.5})
    assert decode_account_record(KEY, value, 3, AT) == fill


def test_a_heartbeat_of_another_partition_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        decode_account_record(b"core", encode_heartbeat(HEARTBEAT), 2, AT)
    assert (refused.value.field, refused.value.value) == ("partition", 3)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cap": 50_000}, "versions[0].table.brackets[0].cap"),
        ({"maintenance_margin_rate": "NaN"}, "versions[0].table.brackets[0].maintenance_margin_rate"),
    ],
)
def test_a_bad_bracket_is_refused_by_its_place(change: dict[str, Any], field: str) -> None:
    changed = every_table()[1]
    plain = orjson.loads(encode_table_changed(changed) or b"")
    plain["versions"][0]["table"]["brackets"][0].update(change)
    with pytest.raises(BadInput) as refused:
        decode_table_record(str(changed.key).encode(), orjson.dumps(plain), 0, AT)
    assert refused.value.field == field


@pytest.mark.parametrize("field", ["version", "effective_ns", "source", "retrieved_ns", "verified", "table"])
def test_a_bad_field_of_a_table_version_is_refused_by_its_place(field: str) -> None:
    changed = every_table()[1]
    plain = orjson.loads(encode_table_changed(changed) or b"")
    plain["versions"][0][field] = 1.5
    with pytest.raises(BadInput) as refused:
        decode_table_record(str(changed.key).encode(), orjson.dumps(plain), 0, AT)
    assert (refused.value.field, refused.value.value) == (f"versions[0].{field}", 1.5)


@pytest.mark.parametrize("key", [None, b"binance/instrument", b"binance/price/BTCUSDT", b"binance/instrument/ETHUSDT"])
def test_a_table_under_another_key_is_refused(key: bytes | None) -> None:
    with pytest.raises(BadInput):
        decode_table_record(key, encode_table_changed(every_table()[0]), 0, AT)


def test_the_account_of_a_bad_record_is_told_from_its_key() -> None:
    assert account_in(KEY) == ACCOUNT
    assert [account_in(key) for key in (None, b"", b"no venue", b"\xff:a")] == [None, None, None, None]
