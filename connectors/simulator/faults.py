"""Switches that make the venue misbehave as real ones have."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSwitches:
    """All off by default. `*_ratio` is the share, 0..1, of the messages or requests that are hit.

    silent_market, silent_private: nothing is pushed on streams of that kind, pings are answered.
    silent_symbols: their prices are left out of the market streams.
    mute_pings: pings get no answer.
    duplicate_ratio: a private message is sent twice.
    drop_fills_ratio: both messages of a fill are lost on the stream; REST has the fill.
    swap_ratio: of two messages of one fill the later is sent first.
    bad_json_ratio: a torn copy of a message is sent before it; unknown_event_ratio: an event of a kind that nobody documents.
    refuse_rest, refuse_streams: HTTP status (403, 418, 429, 503) that requests and handshakes get; 0 = off.
    cut_rest_ratio: the connection is cut instead of an answer.
    stale_rest: account, balance and position answers are those of the moment in which the switch went on.
    clock_shift_ms: all times that the venue states are shifted.
    """

    silent_market: bool = False
    silent_private: bool = False
    silent_symbols: tuple[str, ...] = ()
    mute_pings: bool = False
    duplicate_ratio: float = 0.0
    drop_fills_ratio: float = 0.0
    swap_ratio: float = 0.0
    bad_json_ratio: float = 0.0
    unknown_event_ratio: float = 0.0
    refuse_rest: int = 0
    refuse_streams: int = 0
    retry_after_s: int = 5
    cut_rest_ratio: float = 0.0
    stale_rest: bool = False
    clock_shift_ms: int = 0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_ratio") and not 0 <= value <= 1:
                raise ValueError(f"{item.name} = {value!r}: must be from 0 to 1")
            if item.name.startswith("refuse_") and value not in {0, 403, 418, 429, 503}:
                raise ValueError(f"{item.name} = {value!r}: must be 0, 403, 418, 429 or 503")

    def changed(self, wanted: dict[str, object]) -> FaultSwitches:
        """These switches with some set anew; ValueError names an unknown switch or a value of the wrong type."""
        values: dict[str, object] = {}
        for name, value in wanted.items():
            if name not in self.__dataclass_fields__:
                raise ValueError(f"unknown switch {name!r}; known: {', '.join(sorted(self.__dataclass_fields__))}")
            values[name] = _typed(name, value, getattr(self, name))
        return replace(self, **values)  # type: ignore[arg-type]  # checked one by one above

    def as_json(self) -> dict[str, object]:
        """Every switch by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def _typed(name: str, value: object, now: object) -> object:
    if isinstance(now, tuple):
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
    elif isinstance(now, bool):
        if isinstance(value, bool):
            return value
    elif isinstance(now, float):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{name} = {value!r}: a {type(now).__name__} is needed")
