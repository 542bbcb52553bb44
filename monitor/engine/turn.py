"""One turn: the input being processed, and the effects it has had so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.effects import Cause, Effect


@dataclass(slots=True)
class Turn:
    """The seq and engine time that effects carry, the cause of level changes, and the effects in order."""

    seq: int
    engine_ns: int
    cause: Cause
    effects: list[Effect] = field(default_factory=list)
