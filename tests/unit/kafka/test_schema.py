"""The published schemas are those of the types, and they and the codec agree."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from connectors.kafka.account_codec import decode_account_record, encode_account_event, encode_heartbeat
from connectors.kafka.price_codec import encode_price, encode_venue_status
from connectors.kafka.schema import schemas
from connectors.kafka.table_codec import encode_table_changed
from monitor.domain.errors import BadInput
from monitor.domain.events import Heartbeat, VenueStatus
from monitor.domain.ids import DriverKind
from tests.support.requirements import ROOT
from tests.unit.kafka.samples import ACCOUNT, NOW_NS, every_account_event, every_table

HEARTBEAT = Heartbeat(source="core", source_epoch=7, partition=3, count=12, ts_event_ns=NOW_NS, ts_recv_ns=NOW_NS)
STATUS = VenueStatus(venue="binance", status="halted", ts_event_ns=NOW_NS, ts_recv_ns=NOW_NS)


def validator(topic: str) -> Draft202012Validator:
    schema = schemas()[f"kafka-{topic}.schema.json"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_published_files_are_those_of_the_types() -> None:
    folder = ROOT / "docs" / "schemas"
    published = {path.name: orjson.loads(path.read_bytes()) for path in folder.glob("kafka-*.schema.json")}
    assert published == schemas(), "make them again: python -m connectors.kafka.schema docs/schemas"


@pytest.mark.parametrize("value", [encode_price(DriverKind.MARK, "50000.10", 5, 6), encode_venue_status(STATUS)])
def test_what_we_write_as_prices_is_valid(value: bytes) -> None:
    validator("prices").validate(orjson.loads(value))


@pytest.mark.parametrize("value", [*map(encode_account_event, every_account_event()), encode_heartbeat(HEARTBEAT)])
def test_what_we_write_as_account_events_is_valid(value: bytes) -> None:
    validator("account-events").validate(orjson.loads(value))


@pytest.mark.parametrize("value", [*map(encode_table_changed, every_table()), b"null"])
def test_what_we_write_as_risk_parameters_is_valid(value: bytes) -> None:
    validator("risk-parameters").validate(orjson.loads(value))


@pytest.mark.parametrize(
    "change",
    [
        {"size": 1.5},
        {"size": "NaN"},
        {"fill_price": "1_000"},
        {"ts_event_ns": 2**63},
        {"ts_event_ns": "5"},
        {"cause": "gift"},
        {"schema_version": 2},
        {"kind": "fil"},
        {"trade_id": None},
        {"account_seq": -1},
    ],
)
def test_what_the_schema_refuses_the_codec_refuses(change: dict[str, Any]) -> None:
    plain = {**orjson.loads(encode_account_event(every_account_event()[3])), **change}
    assert not validator("account-events").is_valid(plain)
    with pytest.raises(BadInput):
        decode_account_record(ACCOUNT.encode(), orjson.dumps(plain), 3, "test")
