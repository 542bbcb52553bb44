"""`<prefix>.account-events`: what happened to an account, key = account; heartbeats of sources, key = source."""

from __future__ import annotations

from connectors.event_json import from_plain, to_plain
from connectors.kafka.envelope import read_object, require_key, write_object
from connectors.kafka.strict_json import shape_of
from monitor.domain.errors import BadInput
from monitor.domain.events import ACCOUNT_EVENT_KINDS, AccountEventType, Heartbeat

HEARTBEAT = "heartbeat"
_SHAPES = {name: shape_of(kind) for name, kind in ACCOUNT_EVENT_KINDS.items()}
_HEARTBEAT_SHAPE = shape_of(Heartbeat)
_KIND_NAMES: dict[type, str] = {kind: name for name, kind in ACCOUNT_EVENT_KINDS.items()}


def decode_account_record(key: bytes | None, value: bytes | None, partition: int, source: str) -> AccountEventType | Heartbeat:
    """The event of a record; raises `BadInput` with the field, its value and the record's place.

    Refused beside what is malformed: a key that names another account than the value (one of them is wrong, and the key
    decided the partition), and a heartbeat that speaks of another partition than the one it stands in.
    """
    plain = read_object(value, source)
    kind = plain.get("kind")
    if kind == HEARTBEAT:
        return _heartbeat(key, plain, partition, source)
    event_type = ACCOUNT_EVENT_KINDS.get(kind) if isinstance(kind, str) else None
    if event_type is None or not isinstance(kind, str):
        expected = ", ".join((*ACCOUNT_EVENT_KINDS, HEARTBEAT))
        raise BadInput(f"unknown kind, expected one of {expected}", field="kind", value=kind, source=source)
    _SHAPES[kind].check(plain, source)
    event: AccountEventType = from_plain(plain, event_type, source)
    require_key(key, event.account, "account", source)
    return event


def require_strict(plain: object, source: str) -> None:
    """Raise `BadInput` for an account event whose decimals are no plain strings or whose integers are beyond 64 bits.

    The typed conversion behind it would let JSON numbers, `NaN` and `1_000` through as decimals.
    """
    kind = plain.get("kind") if isinstance(plain, dict) else None
    if isinstance(kind, str) and kind in _SHAPES:
        _SHAPES[kind].check(plain, source)


def encode_account_event(event: AccountEventType) -> bytes:
    """The value of an event's record; its key is the account."""
    return write_object(_KIND_NAMES[type(event)], to_plain(event))


def encode_heartbeat(heartbeat: Heartbeat) -> bytes:
    """The value of a heartbeat's record; its key is the source, its partition the one it speaks of."""
    return write_object(HEARTBEAT, to_plain(heartbeat))


def _heartbeat(key: bytes | None, plain: dict[str, object], partition: int, source: str) -> Heartbeat:
    _HEARTBEAT_SHAPE.check(plain, source)
    heartbeat = from_plain(plain, Heartbeat, source)
    require_key(key, heartbeat.source, "source", source)
    if heartbeat.partition != partition:
        raise BadInput("a heartbeat of another partition", field="partition", value=heartbeat.partition, source=source)
    return heartbeat
