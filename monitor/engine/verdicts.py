"""What every desk says of an account: how certain it is now, and what of it could not be used."""

from __future__ import annotations

from monitor.book.accounts import Doubt, Watched
from monitor.domain.certainty import Certainty
from monitor.domain.effects import CertaintyChanged, CertaintySubject, InputRefused
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountEventType, Heartbeat
from monitor.domain.ids import SourcePosition
from monitor.engine.turn import Turn
from monitor.engine.world import World


def doubt_account(world: World, watched: Watched, doubt: Doubt, detail: str, turn: Turn) -> None:
    """Give an account a doubt, and say so when it is less certain by it."""
    world.keep(watched.account)
    before = watched.certainty
    watched.doubts[doubt] = detail
    conclude(watched, before, turn, refresh=False)


def conclude(watched: Watched, before: Certainty, turn: Turn, *, refresh: bool) -> None:
    """Say how certain the account is now; its pools are settled with that at the end of the turn."""
    watched.certainty = watched.worst_doubt()
    if watched.certainty is not before:
        watched.certainty_since_ns = turn.engine_ns
        turn.effects.append(
            CertaintyChanged(
                seq=turn.seq,
                engine_ns=turn.engine_ns,
                kind=CertaintySubject.ACCOUNT,
                subject=watched.account,
                old=before,
                new=watched.certainty,
                reasons=watched.reasons(),
            )
        )
    if refresh:
        turn.touch(watched.account)
    if watched.certainty.may_release and not before.may_release:
        turn.certain.setdefault(watched.account, turn.cause)


def refuse(
    world: World, event: AccountEventType | Heartbeat, error: BadInput, position: SourcePosition | None, turn: Turn
) -> None:
    """Count what could not be used, and say which field of it, from where."""
    key = (event.source, error.code)
    refused = world.counters.records_refused
    refused[key] = refused.get(key, 0) + 1
    turn.effects.append(
        InputRefused(
            seq=turn.seq,
            engine_ns=turn.engine_ns,
            source=event.source,
            field=error.field,
            value=str(error.value),
            reason=error.reason,
            account=None if isinstance(event, Heartbeat) else event.account,
            position=position,
        )
    )
