"""The header of a recording: who wrote it, under which settings, and the state that it starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from monitor.domain.errors import BadInput

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeader:
    """What a reader must know before the first record.

    `first_seq` is the seq of the first record. `engine_settings` decide levels; `configuration` is the whole effective
    configuration without secrets, for people. `start` is a whole snapshot state, None for an empty engine.
    `is_candle_proxy` marks prices that were made from candles, `driver_age_limit_ns` the age limit that such prices need
    (None: the limits of the settings). `created_ns` is UTC, None for a recording that was built and not taken live.
    """

    build: str
    run_id: str
    engine_settings: dict[str, Any]
    first_seq: int = 1
    format_version: int = FORMAT_VERSION
    created_ns: int | None = None
    configuration: dict[str, Any] = field(default_factory=dict)
    start: dict[str, Any] | None = None
    is_candle_proxy: bool = False
    driver_age_limit_ns: int | None = None
    notes: tuple[str, ...] = ()


def header_to_bytes(header: RecordingHeader) -> bytes:
    """The header as JSON."""
    return orjson.dumps(msgspec.to_builtins(header, order="deterministic"))


def header_from_bytes(data: bytes, source: str) -> RecordingHeader:
    """The header read back; raises `BadInput` for another format version or a field that does not fit."""
    try:
        plain = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error}", field="header", source=source) from error
    version = plain.get("format_version") if isinstance(plain, dict) else None
    if version != FORMAT_VERSION:
        raise BadInput(f"this build reads format {FORMAT_VERSION}", field="format_version", value=version, source=source)
    try:
        return msgspec.convert(plain, RecordingHeader)
    except msgspec.ValidationError as error:
        raise BadInput(str(error), field="header", source=source) from error
