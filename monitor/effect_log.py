"""Effects as log events: keys, not prose, once per change of state."""

from __future__ import annotations

import structlog

from monitor.domain.effects import (
    CertaintyChanged,
    CertaintySubject,
    Effect,
    InputRefused,
    LevelChanged,
    Repaired,
    TableApplied,
)
from monitor.domain.level import Level, level_label

log = structlog.get_logger("marginwatch")


def log_effect(effect: Effect) -> None:
    """Write one effect. Levels from CRITICAL on are warnings; first valuations and drivers that wake are detail."""
    match effect:
        case LevelChanged():
            _log_level(effect)
        case CertaintyChanged():
            write = log.debug if effect.kind is CertaintySubject.DRIVER and effect.new == 0 else log.info
            write(
                "certainty_changed",
                seq=effect.seq,
                subject=effect.subject,
                old=effect.old.name,
                new=effect.new.name,
                reasons=list(effect.reasons),
            )
        case Repaired():
            log.warning(
                "account_repaired",
                seq=effect.seq,
                account=effect.account,
                suspected_cause=effect.suspected_cause,
                differences=[f"{field}: {ours} -> {theirs}" for field, ours, theirs in effect.differences[:10]],
            )
        case TableApplied():
            log.debug("table_applied", seq=effect.seq, table=effect.key, version=effect.version, pools=effect.pools)
        case InputRefused():
            log.warning(
                "input_refused",
                seq=effect.seq,
                source=effect.source,
                field=effect.field,
                value=effect.value[:200],
                reason=effect.reason,
                account=effect.account,
                position=effect.position,
            )


def _log_level(effect: LevelChanged) -> None:
    if effect.old is None or effect.new is None:
        write = log.debug
    else:
        write = log.warning if max(effect.old, effect.new) >= Level.CRITICAL else log.info
    write(
        "level_changed",
        seq=effect.seq,
        pool=effect.pool,
        old=level_label(effect.old),
        new=level_label(effect.new),
        certainty=effect.certainty.name,
        margin_ratio=effect.margin_ratio,
        buffer_ratio=effect.buffer_ratio,
        cause=f"{effect.cause.kind.value} {effect.cause.subject}".strip(),
        price=effect.cause.price_after,
    )
