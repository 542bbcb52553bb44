"""The engine's state as plain JSON-able data and back: the truth, not the columns. Tapes are compiled again at load."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from monitor.book.accounts import Doubt, Unchecked, Watched
from monitor.book.pool_entry import NO_SLOT, Face, PoolEntry
from monitor.book.sequence import SourceSequence
from monitor.domain.account import PositionSide
from monitor.domain.certainty import Certainty
from monitor.domain.double_entry import DoubleEntry
from monitor.domain.events import AccountState, Fee, Fill, Funding, Interest, Transfer, VenueFigures
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.tables import TABLE_TYPES, TableChanged, TableKey, TableKind, TableVersion
from monitor.rules.tape import Trigger

_EARLY = {"fill": Fill, "funding": Funding, "fee": Fee, "interest": Interest, "transfer": Transfer}

_EARLY_NAMES = {kind: name for name, kind in _EARLY.items()}

_SAID = {"account_state": AccountState, "venue_figures": VenueFigures}


def watched_to_plain(watched: Watched) -> dict[str, Any]:
    """One watched account."""
    return {
        "account": watched.account,
        "source": watched.source,
        "entity": watched.entity,
        "owner": watched.owner,
        "profile": watched.profile,
        "tags": watched.tags,
        "doubts": [[doubt.name, detail] for doubt, detail in watched.doubts.items()],
        "certainty": int(watched.certainty),
        "certainty_since_ns": watched.certainty_since_ns,
        "sequences": [
            [source, one.epoch, one.last, sorted(one.holes), one.last_hole] for source, one in watched.sequences.items()
        ],
        "last_event_recv_ns": watched.last_event_recv_ns,
        "last_event_ns": watched.last_event_ns,
        "last_agreed_ns": watched.last_agreed_ns,
        "unchecked": [[one.due_ns, *_said_to_plain(one.said)] for one in watched.unchecked],
        "differing": None if watched.differing is None else msgspec.to_builtins(watched.differing),
        "awaiting": None if watched.awaiting is None else msgspec.to_builtins(watched.awaiting),
        "early": [[_EARLY_NAMES[type(event)], msgspec.to_builtins(event)] for event in watched.early],
        "isolated_due_ns": watched.isolated_due_ns,
        "isolated_fills": [[instrument, side.value, at_ns] for (instrument, side), at_ns in watched.isolated_fills.items()],
    }


def watched_from_plain(plain: dict[str, Any]) -> Watched:
    """The watched account that `watched_to_plain` wrote; its pools are put back by their entries."""
    return Watched(
        plain["account"],
        source=plain["source"],
        entity=plain["entity"],
        owner=plain["owner"],
        profile=plain["profile"],
        tags=dict(plain["tags"]),
        doubts={Doubt[name]: detail for name, detail in plain["doubts"]},
        certainty=Certainty(plain["certainty"]),
        certainty_since_ns=plain["certainty_since_ns"],
        sequences={
            source: SourceSequence(epoch, last, set(holes), last_hole)
            for source, epoch, last, holes, last_hole in plain["sequences"]
        },
        last_event_recv_ns=plain["last_event_recv_ns"],
        last_event_ns=plain["last_event_ns"],
        last_agreed_ns=plain["last_agreed_ns"],
        unchecked=[Unchecked(due_ns, msgspec.convert(said, _SAID[kind])) for due_ns, kind, said in plain["unchecked"]],
        differing=None if plain["differing"] is None else msgspec.convert(plain["differing"], AccountState),
        awaiting=None if plain["awaiting"] is None else msgspec.convert(plain["awaiting"], AccountState),
        early=[msgspec.convert(event, _EARLY[kind]) for kind, event in plain["early"]],
        isolated_due_ns=plain["isolated_due_ns"],
        isolated_fills={(instrument, PositionSide(side)): at_ns for instrument, side, at_ns in plain["isolated_fills"]},
    )


def entry_to_plain(entry: PoolEntry, held: set[int], *, waits: bool) -> dict[str, Any]:
    """The levels of one pool, and what the venue said of it; when its account `waits` for an isolated wallet also its holdings,
    which the ledger has left behind. `held` are the slots for which a release was refused.
    """
    return {
        "pool": entry.pool,
        "account": entry.account,
        "level": entry.level,
        "level_since_ns": entry.level_since_ns,
        "ours": _face_to_plain(entry.ours, held),
        "venues": None if entry.venues is None else _face_to_plain(entry.venues, held),
        "venue_level": entry.venue_level,
        "margin_currency": entry.margin_currency,
        "unit": None if entry.unit is None else [entry.unit.kind.value, entry.unit.subject],
        "trigger": msgspec.to_builtins(entry.trigger),
        "tables": [[key.venue, key.kind.value, key.symbol] for key in entry.tables],
        "verified": entry.verified,
        "initial_margin_reason": entry.initial_margin_reason,
        "holdings": _holdings_to_plain(entry.holdings) if waits else None,
        "venue_holdings": _holdings_to_plain(entry.venues.holdings) if waits and entry.venues is not None else None,
        "venue_margin_ratio": None if entry.venue_margin_ratio is None else str(entry.venue_margin_ratio),
        "venue_figures": {name: str(figure) for name, figure in entry.venue_figures.items()},
        "double_entry": msgspec.to_builtins(entry.double_entry),
    }


def _face_to_plain(face: Face, held: set[int]) -> dict[str, Any]:
    return {
        "level": face.level,
        "missing": list(face.missing),
        "is_compiled": face.slot != NO_SLOT,
        "is_held": face.slot in held,
    }


def levels_from_plain(entry: PoolEntry, plain: dict[str, Any]) -> None:
    """Put the levels of an earlier life back on a pool."""
    entry.level = plain["level"]
    entry.level_since_ns = plain["level_since_ns"]
    entry.venue_level = plain["venue_level"]
    entry.margin_currency = plain["margin_currency"]
    entry.unit = None if plain["unit"] is None else DriverKey(DriverKind(plain["unit"][0]), plain["unit"][1])
    entry.trigger = msgspec.convert(plain["trigger"], Trigger)
    # A state of before had the versions by name; its pools read their tables again when they are compiled.
    entry.tables = tuple(TableKey(venue, TableKind(kind), symbol) for venue, kind, symbol in plain.get("tables", ()))
    entry.verified = plain["verified"]
    entry.initial_margin_reason = plain["initial_margin_reason"]
    ratio = plain["venue_margin_ratio"]
    entry.venue_margin_ratio = None if ratio is None else Decimal(ratio)
    entry.venue_figures = {name: Decimal(figure) for name, figure in plain["venue_figures"].items()}
    # A state of a version without it has none.
    entry.double_entry = msgspec.convert(plain.get("double_entry"), DoubleEntry | None)


def holdings_from_plain(plain: dict[str, Any] | None) -> PoolHoldings | None:
    """The holdings of a pool, None where none were written."""
    return None if plain is None else msgspec.convert(plain, PoolHoldings)


def _holdings_to_plain(holdings: PoolHoldings | None) -> Any:
    return None if holdings is None else msgspec.to_builtins(holdings)


def state_from_plain(plain: dict[str, Any]) -> AccountState:
    """One state of an account as the venue said it."""
    return msgspec.convert(plain, AccountState)


def table_to_plain(changed: TableChanged) -> dict[str, Any]:
    """The schedule of one table."""
    return {
        "key": [changed.key.venue, changed.key.kind.value, changed.key.symbol],
        "ts_recv_ns": changed.ts_recv_ns,
        "versions": [msgspec.to_builtins(version) for version in changed.versions],
    }


def table_from_plain(plain: dict[str, Any]) -> TableChanged:
    """The schedule that `table_to_plain` wrote; the kind says which table type its versions hold."""
    venue, kind, symbol = plain["key"]
    key = TableKey(venue, TableKind(kind), symbol)
    versions = (
        TableVersion(**{**version, "table": msgspec.convert(version["table"], TABLE_TYPES[key.kind])})
        for version in plain["versions"]
    )
    return TableChanged(key=key, versions=tuple(versions), ts_recv_ns=plain["ts_recv_ns"])


def _said_to_plain(said: AccountState | VenueFigures) -> tuple[str, Any]:
    kind = "account_state" if isinstance(said, AccountState) else "venue_figures"
    return kind, msgspec.to_builtins(said)
