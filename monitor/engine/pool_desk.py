"""The desk of pools: compiles holdings into the columns, decides levels, and says what changed, once per pool and input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.book.accounts import Doubt, Watched
from monitor.book.pool_entry import NEVER_VALUED, NO_SLOT, Face, PoolEntry
from monitor.book.pools import BoundaryRef, Change, Figures, PoolBook
from monitor.book.ratios import danger, ratios
from monitor.domain.account import PoolKind
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.effects import Cause, CauseKind, LevelChanged
from monitor.domain.errors import BadInput, InvariantBroken
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey, venue_of
from monitor.domain.level import Level, level_label, next_level
from monitor.domain.profile import SwitchSet
from monitor.domain.tables import TableKey
from monitor.engine.agreement import ratio_masks
from monitor.engine.driver_weight import driver_weight
from monitor.engine.plain import holdings_from_plain
from monitor.engine.tables_read import TablesRead, versions_in_force
from monitor.engine.turn import Turn
from monitor.engine.world import World
from monitor.rules.levels import is_beyond
from monitor.rules.rulebook import Missing, Rulebook


class PoolDesk:
    """Owns the columns. Also their judge: it decides in Decimal inside the error band, and whether a switch may go off."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._switch_sets: list[SwitchSet] = []
        self._switch_index: dict[tuple[str, bool], int] = {}
        for name, profile in sorted(world.settings.profiles.items()):
            for isolated in (False, True):
                self._switch_index[name, isolated] = len(self._switch_sets)
                self._switch_sets.append(profile.isolated if isolated else profile.cross)
        self.book = PoolBook(self._switch_sets, self)
        self._of_slot: dict[int, tuple[PoolEntry, Face]] = {}
        self._held: dict[str, None] = {}
        self._declared = 0
        self._table_keys: dict[TableKey, TableKey] = {}
        self.waiting: dict[str, None] = {}

    # ---- the judge of the columns

    def is_beyond(self, slot: int, boundary: BoundaryRef) -> bool:
        """Decide one boundary exactly, at the printed prices that the columns stand at."""
        entry, face = self._of_slot[slot]
        figures = self._rulebook(entry).figures(self._face_holdings(entry, face), self._world.tables, self.column_price)
        if isinstance(figures, Missing):
            raise InvariantBroken(f"{entry.pool} is valued in the columns but the rules miss {figures.reasons}")
        self._world.counters.reference_decisions += 1
        band = getattr(self.switch_set(entry).switch(boundary.level), boundary.kind.value)
        edge = band.enter if boundary.entering else band.leave
        return is_beyond(figures, boundary.kind, edge, boundary.level)

    def may_release(self, slot: int) -> bool:
        """Whether a switch of this pool may go off now."""
        return self.certainty(self._of_slot[slot][0]).may_release

    def column_price(self, key: DriverKey) -> Decimal | None:
        """The printed price that the columns hold for a driver right now, also in the middle of a batch."""
        index = self._world.drivers.index(key)
        if index is None:
            return None
        value = self.book.price_of(index)
        return None if isnan(value) else Decimal(repr(value))

    # ---- certainty and settings, read off

    def certainty(self, entry: PoolEntry) -> Certainty:
        """The worst of the account's, the drivers' and the formula's certainty."""
        watched = self._world.accounts[entry.account]
        if entry.missing:
            return Certainty.UNKNOWN
        worst = max(watched.certainty, Certainty.FRESH if entry.verified else Certainty.UNVERIFIED)
        for index in self.drivers_of(entry):
            worst = max(worst, self._world.drivers.state_of(index).certainty)
        return worst

    def certainty_reasons(self, entry: PoolEntry) -> tuple[str, ...]:
        """Why a pool is less than FRESH, each by name."""
        reasons = [*entry.missing, *self._world.accounts[entry.account].reasons()]
        if not entry.verified:
            reasons.append("the formula of this mode is not confirmed by a document")
        for index in self.drivers_of(entry):
            state = self._world.drivers.state_of(index)
            if state is not DriverState.LIVE:
                reasons.append(f"{self._world.drivers.key(index)} is {state.name.lower()}")
        return tuple(reasons)

    def drivers_of(self, entry: PoolEntry) -> list[int]:
        """The drivers that a pool's figures stand on, ascending; empty while it has no place in the columns."""
        found: set[int] = set()
        for face in entry.faces():
            if face.slot != NO_SLOT:
                found.update(int(index) for index in self.book.drivers_of(face.slot))
        return sorted(found)

    def switch_set(self, entry: PoolEntry) -> SwitchSet:
        """The boundaries of a pool: its account's profile, the isolated block for isolated pools."""
        return self._switch_sets[self._switch_of(entry)]

    # ---- compiling

    def settle_accounts(self, turn: Turn) -> None:
        """At the end of an input: take the accounts it touched afresh, then let go what uncertainty held."""
        for account in sorted({*turn.touched, *turn.retabled, *turn.certain}):
            watched = self._world.accounts.get(account)
            if watched is None:
                continue
            if account in turn.touched:
                turn.cause = turn.touched[account]
                self.refresh(watched, turn)
            else:
                self._retable(watched, turn.retabled.get(account, {}), turn)
            if account in turn.certain and watched.certainty.may_release:
                turn.cause = turn.touched.get(account) or turn.certain[account]
                self.release([self._world.entries[pool] for pool in sorted(watched.pools)], turn)

    def refresh(self, watched: Watched, turn: Turn) -> None:
        """Compile an account's pools afresh and decide them; pools that are gone are closed by the input."""
        self._world.keep(watched.account)
        if not watched.is_opened:
            return
        if watched.isolated_due_ns is not None:
            self._refresh_waiting(watched, turn)
            return
        world = self._world
        rulebook = world.rulebook(venue_of(watched.account))
        ours = {pool.pool: pool for pool in rulebook.pools(world.ledger.holdings(watched.account), world.tables)}
        theirs = self._pools_of_the_venue(watched)
        for pool in sorted(pool for pool in watched.pools if pool not in ours and pool not in theirs):
            self.close(watched, pool, turn)
        for pool in sorted({*ours, *theirs}):
            self._place(watched, pool, ours.get(pool), theirs.get(pool), turn)
        self._note_waiting(watched)

    def _pools_of_the_venue(self, watched: Watched) -> dict[str, PoolHoldings]:
        """The pools as the venue's differing state has them; none when our later fills make the two irreconcilable."""
        if watched.differing is None:
            return {}
        try:
            holdings = self._world.ledger.venue_holdings(watched.differing, watched.account)
        except BadInput as error:
            watched.doubts[Doubt.UNCHECKED] = error.reason
            return {}
        rulebook = self._world.rulebook(venue_of(watched.account))
        return {pool.pool: pool for pool in rulebook.pools(holdings, self._world.tables)}

    def _refresh_waiting(self, watched: Watched, turn: Turn) -> None:
        """While an isolated wallet is awaited pools stand on what was before its fill, under the tables of now (contract 6)."""
        for pool in sorted(watched.pools) if self._world.is_valuing else ():
            self._value_again(self._world.entries[pool], turn)
        self._note_waiting(watched)

    def _retable(self, watched: Watched, pools: Mapping[str, Cause], turn: Turn) -> None:
        """Value the pools for which a table says something else; what they hold is as it was."""
        for pool in sorted(pools.keys() & watched.pools.keys()):
            turn.cause = pools[pool]
            self._value_again(self._world.entries[pool], turn)
        if pools:
            self._note_waiting(watched)

    def _value_again(self, entry: PoolEntry, turn: Turn) -> None:
        """Compile and decide a pool's faces on what they were compiled of before."""
        self._world.keep(entry.account)
        changes = [self._compile(entry, face, face.holdings) for face in entry.faces() if face.holdings is not None]
        self._settle(entry, [change for change in changes if change is not None], turn)

    def close(self, watched: Watched, pool: str, turn: Turn) -> None:
        """A pool ends by an event: its switches go off with that cause, whatever its certainty."""
        entry = self._world.entries[pool]
        for face in entry.faces():
            self._unload(face)
        if entry.level != NEVER_VALUED:
            cause = turn.cause
            turn.cause = replace(cause, kind=CauseKind.REMOVED)
            self._emit(entry, None, None, turn)
            turn.cause = cause
        del self._world.entries[pool]
        watched.pools.pop(pool, None)
        self._held.pop(pool, None)

    def _place(self, watched: Watched, pool: str, ours: PoolHoldings | None, theirs: PoolHoldings | None, turn: Turn) -> None:
        shown = ours or theirs
        if shown is None:
            raise InvariantBroken(f"{pool} has no holdings of either side")
        entry = self._world.entries.get(pool)
        if entry is None:
            entry = PoolEntry(pool, watched.account, shown, level_since_ns=turn.engine_ns)
            self._world.entries[pool] = entry
            watched.pools[pool] = None
        entry.holdings = shown
        if not self._world.is_valuing:
            return
        changes = [self._compile(entry, entry.ours, shown)]
        if theirs is not None and watched.differing is not None:
            entry.venues = entry.venues or Face(level=entry.ours.level)
            changes.append(self._compile(entry, entry.venues, theirs))
        elif entry.venues is not None:
            self._unload(entry.venues)
            entry.venues = None
        self._settle(entry, [change for change in changes if change is not None], turn)

    def _compile(self, entry: PoolEntry, face: Face, holdings: PoolHoldings, *, decides: bool = True) -> Change | None:
        """Bring one face of a pool into the columns and decide it; what it lacks goes to `missing`."""
        face.holdings = holdings
        if holdings.is_empty and not holdings.unknown:
            self._unload(face)
            face.missing = ()
            if face.level <= Level.OK or self.certainty(entry).may_release:
                face.level = Level.OK
            return None
        read = TablesRead(self._world.tables, self._table_keys)
        tape = self._rulebook(entry).compile(holdings, read)
        if isinstance(tape, Missing):
            self._unload(face)
            face.missing = tape.reasons
            return None
        if face.slot == NO_SLOT:
            face.slot = self.book.load(tape, self._switch_of(entry), face.level, self._driver_index)
            self._of_slot[face.slot] = (entry, face)
        else:
            self.book.reload(face.slot, tape, self._driver_index)
            self.book.set_switch_set(face.slot, self._switch_of(entry))
        face.missing = self._unpriced(face.slot)
        if face is entry.ours:
            entry.margin_currency, entry.unit, entry.trigger = tape.margin_currency, tape.unit, tape.trigger
            entry.tables, entry.verified = read.keys, tape.verified
            entry.initial_margin_reason = tape.initial_margin_reason
        return self.book.decide(face.slot) if decides and self.book.is_priced(face.slot) else None

    def _unpriced(self, slot: int) -> tuple[str, ...]:
        if self.book.is_priced(slot):
            return ()
        drivers = self._world.drivers
        indices = sorted(int(index) for index in self.book.drivers_of(slot))
        return tuple(f"{drivers.key(index)} was never seen" for index in indices if isnan(self.book.price_of(index)))

    def _unload(self, face: Face) -> None:
        if face.slot != NO_SLOT:
            self.book.remove(face.slot)
            del self._of_slot[face.slot]
            face.slot = NO_SLOT

    def _driver_index(self, key: DriverKey) -> int:
        index = self._world.drivers.add(key)
        self.declare(index, key)
        return index

    def declare(self, index: int, key: DriverKey) -> None:
        """Make a driver known to the columns, with the class weight of its underlying."""
        if index == self._declared:
            self._declared += 1
            self.book.declare_driver(index)
            self.book.set_weight(index, driver_weight(key, self._world.tables))
            price = self._world.drivers.price(index)
            if price is not None:
                self.book.set_price(index, price)

    def _note_waiting(self, watched: Watched) -> None:
        """Remember which accounts lack something, so that a table or a first price that comes wakes them."""
        if any(face.missing for pool in watched.pools for face in self._world.entries[pool].faces()):
            self.waiting[watched.account] = None
        else:
            self.waiting.pop(watched.account, None)

    def restore_waiting(self, plain: dict[str, Any]) -> None:
        """After a restore: a pool of an account that waits for an isolated wallet, with the holdings of before the fill."""
        holdings = holdings_from_plain(plain["holdings"])
        if holdings is not None:
            self._world.entries[holdings.pool] = PoolEntry(holdings.pool, holdings.account, holdings)
            self._world.accounts[holdings.account].pools[holdings.pool] = None

    def restore_faces(self, levels: dict[str, dict[str, Any]]) -> None:
        """After a restore: compile every pool again at the levels it had, without deciding any of them."""
        for account in sorted(self._world.accounts):
            watched = self._world.accounts[account]
            theirs = self._pools_of_the_venue(watched)
            for pool in sorted(watched.pools):
                entry, plain = self._world.entries[pool], levels[pool]
                self._restore_face(entry, entry.ours, entry.holdings, plain["ours"])
                told_before = holdings_from_plain(plain["venue_holdings"]) or theirs.get(pool)
                if plain["venues"] is not None and told_before is not None:
                    entry.venues = Face()
                    self._restore_face(entry, entry.venues, told_before, plain["venues"])
                told = max(entry.ours.level, entry.venues.level if entry.venues else NEVER_VALUED)
                if entry.level > told or self._holds_empty(entry):
                    self._held[pool] = None
            self._note_waiting(watched)

    def _restore_face(self, entry: PoolEntry, face: Face, holdings: PoolHoldings, plain: dict[str, Any]) -> None:
        """A face as it was: one that lacked a table stays without a figure until its account is taken again."""
        face.level = plain["level"]
        if plain["is_compiled"] or not plain["missing"]:
            self._compile(entry, face, holdings, decides=False)
            if plain["is_held"]:
                self.book.hold([face.slot])
        else:
            face.holdings, face.missing = holdings, tuple(plain["missing"])

    # ---- prices

    def apply_rows(
        self, drivers: npt.NDArray[np.int32], prices: npt.NDArray[np.float64], seqs: npt.NDArray[np.int64], turn: Turn
    ) -> None:
        """Apply ticks in order; each crossing is reported with the seq of its row."""
        start = 0
        while start < drivers.size:
            stop, changes = self.book.apply_prices(drivers, prices, start)
            for row, group in groupby(changes, key=lambda change: change.row):
                turn.seq = int(seqs[row])
                turn.cause = self._price_cause(drivers, prices, row)
                self.settle_changes(group, turn)
            start = stop

    def first_price(self, index: int, price: float, turn: Turn) -> None:
        """A driver's first price: the holders that are now priced are decided."""
        self.book.set_price(index, price)
        changes = []
        for slot in self.book.holders(index):
            entry, face = self._of_slot[int(slot)]
            self._world.keep(entry.account)
            if self.book.is_priced(int(slot)):
                face.missing = ()
                changes.append(self.book.decide(int(slot)))
            else:
                face.missing = self._unpriced(int(slot))
        self.settle_changes([change for change in changes if change is not None], turn)

    def settle_changes(self, changes: Iterable[Change], turn: Turn) -> None:
        """Settle what the columns report at one input, worst first, once per pool."""
        of_entry: dict[str, list[Change]] = {}
        for change in changes:
            entry, _face = self._of_slot[change.slot]
            of_entry.setdefault(entry.pool, []).append(change)
        for pool in sorted(of_entry, key=lambda name: self._order(name, of_entry[name])):
            self._settle(self._world.entries[pool], of_entry[pool], turn)

    def _order(self, pool: str, changes: list[Change]) -> tuple[int, float, str]:
        worst = max(changes, key=lambda change: change.new)
        figures, trigger = worst.figures, self._world.entries[pool].trigger
        required = float(trigger.margin_factor) * figures.maintenance_margin
        headroom = float(trigger.collateral_factor) * figures.collateral_value - required
        return (-worst.new, danger(headroom, required, figures.stress_notional), pool)

    def _price_cause(self, drivers: npt.NDArray[np.int32], prices: npt.NDArray[np.float64], row: int) -> Cause:
        index = int(drivers[row])
        earlier = np.flatnonzero(drivers[:row] == index)
        before = float(prices[earlier[-1]]) if earlier.size else self._world.drivers.price(index)
        return Cause(CauseKind.PRICE, str(self._world.drivers.key(index)), before, float(prices[row]))

    # ---- levels

    def note_venue_ratio(self, entry: PoolEntry, margin_ratio: Decimal | None, turn: Turn) -> None:
        """The venue's own ratio turns switches on, and holds them until a newer one is inside."""
        entry.venue_margin_ratio = margin_ratio
        if margin_ratio is not None:
            enter, leave = ratio_masks(margin_ratio, self.switch_set(entry))
            entry.venue_level = next_level(entry.venue_level, enter, leave)
        self._settle(entry, [], turn)

    def release(self, entries: Iterable[PoolEntry], turn: Turn) -> None:
        """Certainty has returned: decide afresh what was held on while it was away."""
        chosen = list(entries)
        held = {int(slot) for slot in self.book.held_slots()} if self._world.is_valuing else set()
        slots = [face.slot for entry in chosen for face in entry.faces() if face.slot in held]
        if slots:
            self.settle_changes(self.book.release_holds(sorted(slots)), turn)
        for entry in sorted(chosen, key=lambda one: one.pool):
            if entry.pool in self._held:
                self._settle_again(entry, turn)

    def entries_on(self, driver: int) -> list[PoolEntry]:
        """The pools that hold a driver, in order of their ids."""
        found = {self._of_slot[int(slot)][0].pool for slot in self.book.holders(driver)}
        return [self._world.entries[pool] for pool in sorted(found)]

    def entries_at(self, slots: Iterable[int]) -> list[PoolEntry]:
        """The pools behind slots of the columns, in order of their ids."""
        return [self._world.entries[pool] for pool in sorted({self._of_slot[int(slot)][0].pool for slot in slots})]

    def _settle_again(self, entry: PoolEntry, turn: Turn) -> None:
        self._world.keep(entry.account)
        if self._holds_empty(entry) and self.certainty(entry).may_release:
            entry.ours.level = Level.OK
        self._settle(entry, [], turn)

    def _holds_empty(self, entry: PoolEntry) -> bool:
        """Whether a pool in which nothing is left keeps switches on because its account was not certain."""
        return entry.ours.level > Level.OK and entry.holdings.is_empty and not entry.missing

    def _settle(self, entry: PoolEntry, changes: list[Change], turn: Turn) -> None:
        """Take the faces' levels together with the venue's own; tell the world when the pool's level moves."""
        self._world.keep(entry.account)
        for change in changes:
            self._of_slot[change.slot][1].level = change.new
        wanted = max(entry.ours.level, entry.venues.level if entry.venues is not None else NEVER_VALUED)
        if entry.venue_level > Level.OK:
            wanted = max(wanted, entry.venue_level)
        if wanted == entry.level:
            if self._holds_empty(entry):
                self._held[entry.pool] = None
            else:
                self._held.pop(entry.pool, None)
            return
        if wanted < entry.level and not self.certainty(entry).may_release:
            self._held[entry.pool] = None
            return
        self._held.pop(entry.pool, None)
        figures = max(changes, key=lambda change: change.new).figures if changes else self.figures(entry)
        self._emit(entry, Level(wanted), figures, turn)

    def figures(self, entry: PoolEntry) -> Figures | None:
        """A pool's figures at the current drivers, None while it has none."""
        if entry.ours.slot == NO_SLOT or entry.missing:
            return None
        return self.book.value(entry.ours.slot)

    def _emit(self, entry: PoolEntry, new: Level | None, figures: Figures | None, turn: Turn) -> None:
        old = None if entry.level == NEVER_VALUED else Level(entry.level)
        entry.level = NEVER_VALUED if new is None else int(new)
        entry.level_since_ns = turn.engine_ns
        printed = None
        if figures is not None:
            printed = ratios(figures.collateral_value, figures.maintenance_margin, figures.stress_notional, entry.trigger)
        key = (venue_of(entry.pool), level_label(old), level_label(new))
        changes = self._world.counters.level_changes
        changes[key] = changes.get(key, 0) + 1
        reason = None if printed else "no_figures"
        turn.effects.append(
            LevelChanged(
                seq=turn.seq,
                engine_ns=turn.engine_ns,
                pool=entry.pool,
                account=entry.account,
                old=old,
                new=new,
                cause=turn.cause,
                certainty=self.certainty(entry),
                collateral_value=figures.collateral_value if figures else None,
                maintenance_margin=figures.maintenance_margin if figures else None,
                stress_notional=figures.stress_notional if figures else None,
                headroom=printed.headroom if printed else None,
                margin_ratio=printed.margin_ratio if printed else None,
                margin_ratio_reason=printed.margin_ratio_reason if printed else reason,
                buffer_ratio=printed.buffer_ratio if printed else None,
                buffer_ratio_reason=printed.buffer_ratio_reason if printed else reason,
                margin_currency=entry.margin_currency,
                table_version=versions_in_force(entry.tables, self._world.tables),
            )
        )

    def _switch_of(self, entry: PoolEntry) -> int:
        watched = self._world.accounts[entry.account]
        profile = watched.profile or self._world.settings.default_profile
        return self._switch_index[profile, entry.holdings.kind is PoolKind.ISOLATED]

    def _face_holdings(self, entry: PoolEntry, face: Face) -> PoolHoldings:
        if face.holdings is None:
            raise InvariantBroken(f"{entry.pool} has a face in the columns that was not compiled")
        return face.holdings

    def _rulebook(self, entry: PoolEntry) -> Rulebook:
        return self._world.rulebook(venue_of(entry.account))
