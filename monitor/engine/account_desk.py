"""The desk of accounts: applies account events once, in their source's order, and keeps what is certain about each account."""

from __future__ import annotations

import heapq

from monitor.book.accounts import HEALED_BY_STATE, MOST_EARLY, MOST_UNCHECKED, Doubt, EarlyEvent, Unchecked, Watched
from monitor.book.ledger import FillKind
from monitor.book.sequence import SourceSequence
from monitor.domain.effects import Repaired
from monitor.domain.errors import BadInput
from monitor.domain.events import (
    AccountDeclared,
    AccountEventType,
    AccountGap,
    AccountRemoved,
    AccountState,
    Fee,
    Fill,
    Funding,
    Interest,
    SettingsChanged,
    Transfer,
    VenueFigures,
)
from monitor.domain.ids import SourcePosition, venue_of
from monitor.engine.agreement import same_differences
from monitor.engine.double_entry import double_entry
from monitor.engine.pool_desk import PoolDesk
from monitor.engine.source_desk import SourceDesk
from monitor.engine.turn import Turn
from monitor.engine.verdicts import conclude, refuse
from monitor.engine.world import World


class AccountDesk:
    """Writes the ledger and the accounts' certainty; asks the desk of pools to compile and decide."""

    def __init__(self, world: World, pools: PoolDesk, sources: SourceDesk) -> None:
        self._world = world
        self._pools = pools
        self._sources = sources
        self._due: list[tuple[int, str]] = []

    # ---- one account event

    def on_event(self, event: AccountEventType, position: SourcePosition | None, turn: Turn) -> None:
        """Apply one account event, or say why not."""
        self._world.keep(event.account)
        watched = self._world.accounts.get(event.account)
        if watched is None:
            watched = self._watch(event, position, turn)
            if watched is None:
                self._sources.count_unwatched(event, position, turn)
                return
        before = watched.certainty
        lane = self._sources.lane_of(watched, event, position)
        self._sources.refresh_lane(lane, event, position, turn)
        sequence = self._sources.admit(watched, event, position, turn)
        if sequence is None:
            conclude(watched, before, turn, refresh=False)
            return
        watched.last_event_recv_ns = max(watched.last_event_recv_ns, event.ts_recv_ns)
        try:
            touched = self._apply(watched, sequence, event, turn)
        except BadInput as error:
            if isinstance(event, AccountState) and event.complete:
                watched.awaiting = event
            watched.doubts[Doubt.REFUSED] = error.reason
            refuse(self._world, event, error, position, turn)
            touched = False
            if watched.account not in self._world.ledger:
                self._forget(watched)
        if event.account in self._world.accounts:
            conclude(watched, before, turn, refresh=touched)

    def on_clock(self, turn: Turn) -> None:
        """What is due at engine time: silent sources, grace periods, waits for isolated wallets."""
        self._sources.expire(turn)
        due = set()
        while self._due and self._due[0][0] <= turn.engine_ns:
            due.add(heapq.heappop(self._due)[1])
        for account in sorted(due & self._world.accounts.keys()):
            self._check_due(self._world.accounts[account], turn)

    def on_instrument(self, turn: Turn) -> None:
        """An instrument became known: read again the complete states that could not be read without it."""
        for watched in list(self._world.accounts.values()):
            if watched.awaiting is None:
                continue
            self._world.keep(watched.account)
            event, watched.awaiting = watched.awaiting, None
            before = watched.certainty
            sequence = watched.sequences[event.source]
            try:
                touched = self._state(watched, sequence, event, turn)
            except BadInput:
                watched.awaiting = event
                continue
            conclude(watched, before, turn, refresh=touched)

    def rearm(self) -> None:
        """After a restore: put every grace and wait back on the list of what comes due."""
        for watched in self._world.accounts.values():
            for unchecked in watched.unchecked:
                heapq.heappush(self._due, (unchecked.due_ns, watched.account))
            if watched.isolated_due_ns is not None:
                heapq.heappush(self._due, (watched.isolated_due_ns, watched.account))

    # ---- who sent it

    def _watch(self, event: AccountEventType, position: SourcePosition | None, turn: Turn) -> Watched | None:
        """Begin to watch an account; None when it is not declared yet, or its venue has no margin rules."""
        if not isinstance(event, AccountDeclared):
            self._before_declaration(event, position, turn)
            return None
        try:
            self._world.rulebook(venue_of(event.account))
        except BadInput as error:
            refuse(self._world, event, error, position, turn)
            return None
        watched = Watched(event.account, certainty_since_ns=self._world.now_ns)
        self._world.accounts[event.account] = watched
        return watched

    def _before_declaration(self, event: AccountEventType, position: SourcePosition | None, turn: Turn) -> None:
        if isinstance(event, AccountState) and event.complete:
            self._world.undeclared[event.account] = event
            return
        refuse(
            self._world, event, BadInput("the account was not declared", field="account", value=event.account), position, turn
        )

    # ---- what it says

    def _apply(self, watched: Watched, sequence: SourceSequence, event: AccountEventType, turn: Turn) -> bool:
        """Apply an admitted event; True when holdings or settings moved and the pools must be compiled afresh."""
        match event:
            case AccountDeclared():
                touched = self._declare(watched, event, turn)
            case AccountState():
                touched = self._state(watched, sequence, event, turn)
            case VenueFigures():
                touched = self._venue_figures(watched, event, turn)
            case AccountGap():
                watched.doubts[Doubt.GAP] = event.reason
                sequence.last_hole = event.account_seq
                touched = False
            case AccountRemoved():
                self._remove(watched, turn)
                touched = False
            case Fill() | Funding() | Fee() | Interest() | Transfer() if not watched.is_opened:
                self._keep_early(watched, event)
                touched = False
            case Fill():
                touched = self._fill(watched, event, turn)
            case SettingsChanged():
                watched.profile = self._known_profile(event.profile) or watched.profile
                self._world.ledger.apply_settings(event)
                touched = True
            case _:
                touched = self._cash(watched, event)
        return touched

    def _declare(self, watched: Watched, event: AccountDeclared, turn: Turn) -> bool:
        watched.profile = self._known_profile(event.profile)
        self._world.ledger.declare(event)
        watched.entity, watched.owner, watched.tags = event.entity, event.owner, dict(event.tags)
        if event.opens_empty and not watched.is_opened:
            self._opened(watched, turn)
        early = self._world.undeclared.pop(event.account, None)
        if early is not None:
            self._open(watched, early, turn)
        return True

    def _known_profile(self, profile: str | None) -> str | None:
        if profile is not None and profile not in self._world.settings.profiles:
            known = ", ".join(sorted(self._world.settings.profiles))
            raise BadInput(f"unknown profile, known are {known}", field="profile", value=profile)
        return profile

    def _fill(self, watched: Watched, event: Fill, turn: Turn) -> bool:
        outcome = self._world.ledger.apply_fill(event)
        if outcome.kind is not FillKind.APPLIED:
            self._world.counters.duplicates += outcome.kind is FillKind.DUPLICATE
            return False
        watched.last_event_ns = max(watched.last_event_ns, event.ts_event_ns)
        if outcome.rounding_exceeded:
            watched.doubts[Doubt.ROUNDING] = f"fill {event.trade_id} of {event.instrument}"
        if self._world.ledger.overflowed(watched.account):
            watched.doubts[Doubt.FILL_IDS] = ""
        if outcome.isolated:
            watched.isolated_fills[event.instrument, event.position_side] = event.ts_event_ns
        self._check_early(watched)
        if outcome.isolated and watched.isolated_fills:
            watched.isolated_due_ns = turn.engine_ns + self._world.settings.isolated_wait_ns
            watched.doubts[Doubt.ISOLATED_WALLET] = event.instrument
            heapq.heappush(self._due, (watched.isolated_due_ns, watched.account))
        return True

    def _check_early(self, watched: Watched) -> None:
        """Some venues send the account before its fill: a state that the fill explains need not wait out its grace."""
        for unchecked in list(watched.unchecked):
            said = unchecked.said
            if not isinstance(said, AccountState) or unchecked not in watched.unchecked:
                continue
            try:
                self._take_isolated_wallets(watched, said)
                if self._world.ledger.compare(said):
                    continue
                watched.unchecked.remove(unchecked)
                self._agreed(watched, said)
            except BadInput as error:
                watched.doubts[Doubt.UNCHECKED] = error.reason
                watched.unchecked.remove(unchecked)

    def _state(self, watched: Watched, sequence: SourceSequence, event: AccountState, turn: Turn) -> bool:
        if not watched.is_opened:
            if event.complete:
                watched.awaiting = None
                self._open(watched, event, turn)
                return True
            self._check_later(watched, event, turn)
            return False
        is_answer = self._take_isolated_wallets(watched, event)
        heals = event.complete and sequence.heals(event.source_epoch, event.account_seq)
        differences = self._world.ledger.compare(event)
        if heals and not HEALED_BY_STATE.isdisjoint(watched.doubts):
            if differences:
                self._repaired(watched, event, ", ".join(sorted(watched.reasons())), turn)
            self._adopt(watched, event)
            return True
        if not differences:
            self._agreed(watched, event)
            return True
        self._check_later(watched, event, turn)
        return is_answer

    def _open(self, watched: Watched, event: AccountState, turn: Turn) -> None:
        """The first complete state; what came before it and is newer stands on top of it."""
        self._adopt(watched, event)
        self._opened(watched, turn)

    def _opened(self, watched: Watched, turn: Turn) -> None:
        watched.doubts.pop(Doubt.NOT_OPENED, None)
        early, watched.early = watched.early, []
        for movement in early:
            try:
                if isinstance(movement, Fill):
                    self._fill(watched, movement, turn)
                else:
                    self._cash(watched, movement)
            except BadInput as error:
                watched.doubts[Doubt.REFUSED] = error.reason
                refuse(self._world, movement, error, None, turn)

    def _keep_early(self, watched: Watched, event: EarlyEvent) -> None:
        if len(watched.early) == MOST_EARLY:
            watched.early.pop(0)
            watched.doubts[Doubt.GAP] = "too many movements before the first complete state"
        watched.early.append(event)

    def _cash(self, watched: Watched, event: Funding | Fee | Interest | Transfer) -> bool:
        watched.last_event_ns = max(watched.last_event_ns, event.ts_event_ns)
        is_new = self._world.ledger.apply_cash(event)
        self._world.counters.duplicates += not is_new
        return is_new

    def _adopt(self, watched: Watched, event: AccountState) -> None:
        """The whole account takes the venue's values at one venue time; later fills stand on top."""
        self._world.ledger.adopt(event)
        self._agreed(watched, event)

    def _agreed(self, watched: Watched, event: AccountState) -> None:
        """Ours and the venue's are the same at the state's venue time."""
        self._world.ledger.take_settings(event)
        if not event.complete:
            return
        self._world.ledger.mark_agreed(watched.account, event.ts_event_ns)
        watched.last_agreed_ns = event.ts_recv_ns
        watched.differing = watched.awaiting = None
        # What the venue said before is settled by what it says now: compared later, it would differ by what was repaired.
        watched.unchecked = [
            one for one in watched.unchecked if isinstance(one.said, VenueFigures) or one.said.ts_event_ns > event.ts_event_ns
        ]
        for doubt in (*HEALED_BY_STATE, Doubt.DIFFERS, Doubt.ROUNDING):
            sequence = watched.sequences.get(event.source)
            if doubt not in HEALED_BY_STATE or (sequence is None or sequence.heals(event.source_epoch, event.account_seq)):
                watched.doubts.pop(doubt, None)

    def _take_isolated_wallets(self, watched: Watched, event: AccountState) -> bool:
        """The venue alone knows how much margin a fill moved into an isolated wallet; whether the state answers such a fill.

        Also long after the wait was over: until then the pool stands on what was known before the fill.
        """
        listed = {(position.instrument, position.position_side) for position in event.positions}
        answered = [
            key
            for key, fill_ns in watched.isolated_fills.items()
            if event.ts_event_ns >= fill_ns and (event.complete or key in listed)
        ]
        if not answered:
            return False
        self._world.ledger.take_isolated_wallets(event)
        for key in answered:
            del watched.isolated_fills[key]
        if not watched.isolated_fills:
            watched.isolated_due_ns = None
            watched.doubts.pop(Doubt.ISOLATED_WALLET, None)
        return True

    def _venue_figures(self, watched: Watched, event: VenueFigures, turn: Turn) -> bool:
        entry = self._world.entries.get(event.pool)
        if entry is None:
            return False
        entry.venue_figures = dict(event.figures)
        self._pools.note_venue_ratio(entry, event.margin_ratio, turn)
        if event.mark_prices and (event.collateral_value is not None or event.maintenance_margin is not None):
            self._check_later(watched, event, turn)
        return False

    def _remove(self, watched: Watched, turn: Turn) -> None:
        for pool in sorted(watched.pools):
            self._pools.close(watched, pool, turn)
        self._world.ledger.remove(watched.account)
        self._forget(watched)

    def _forget(self, watched: Watched) -> None:
        self._pools.waiting.pop(watched.account, None)
        self._world.lanes.leave(watched.account)
        del self._world.accounts[watched.account]

    # ---- what the venue says, compared after its grace

    def _check_later(self, watched: Watched, said: AccountState | VenueFigures, turn: Turn) -> None:
        if len(watched.unchecked) == MOST_UNCHECKED:
            watched.unchecked.pop(0)
            watched.doubts[Doubt.UNCHECKED] = ""
        due_ns = turn.engine_ns + self._world.settings.agreement_grace_ns
        watched.unchecked.append(Unchecked(due_ns, said))
        heapq.heappush(self._due, (due_ns, watched.account))

    def _check_due(self, watched: Watched, turn: Turn) -> None:
        self._world.keep(watched.account)
        before = watched.certainty
        refresh = False
        if watched.isolated_due_ns is not None and watched.isolated_due_ns <= turn.engine_ns:
            watched.isolated_due_ns = None
            watched.doubts.pop(Doubt.ISOLATED_WALLET, None)
            refresh = True
        due = [unchecked for unchecked in watched.unchecked if unchecked.due_ns <= turn.engine_ns]
        for unchecked in due:
            if unchecked not in watched.unchecked:
                continue  # another one of them was agreed on and settles it
            watched.unchecked.remove(unchecked)
            if isinstance(unchecked.said, VenueFigures):
                self._check_figures(watched, unchecked.said)
                continue
            try:
                refresh = self._check_state(watched, unchecked.said, turn) or refresh
            except BadInput as error:
                watched.doubts[Doubt.UNCHECKED] = error.reason
        conclude(watched, before, turn, refresh=refresh)

    def _check_state(self, watched: Watched, state: AccountState, turn: Turn) -> bool:
        """The grace is over: agree, adopt the second state that differs in the same way, or compile the account twice."""
        if not watched.is_opened:
            return False
        differences = self._world.ledger.compare(state)
        if not differences:
            self._agreed(watched, state)
            return True
        before = watched.differing
        if state.complete and before is not None and same_differences(differences, self._world.ledger.compare(before)):
            self._repaired(watched, state, "two states of the venue agree against our ledger", turn)
            self._adopt(watched, state)
            return True
        watched.differing = state
        first = differences[0]
        watched.doubts[Doubt.DIFFERS] = f"{first.field} is {first.ours} here and {first.theirs} at the venue"
        return True

    def _check_figures(self, watched: Watched, said: VenueFigures) -> None:
        entry = self._world.entries.get(said.pool)
        if entry is None or watched.last_event_ns > said.ts_event_ns or entry.missing:
            return
        found = double_entry(self._world, watched, entry, said)
        if found is not None:
            entry.double_entry = found
        if found is None or found.agrees:
            watched.doubts.pop(Doubt.FIGURES, None)
        else:
            watched.doubts[Doubt.FIGURES] = found.sentence

    def _repaired(self, watched: Watched, state: AccountState, suspected_cause: str, turn: Turn) -> None:
        turn.effects.append(
            Repaired(
                seq=turn.seq,
                engine_ns=turn.engine_ns,
                account=watched.account,
                differences=tuple((d.field, d.ours, d.theirs) for d in self._world.ledger.compare(state)),
                suspected_cause=suspected_cause,
            )
        )
