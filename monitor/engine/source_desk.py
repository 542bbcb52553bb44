"""The desk of sources: who sent a record, in which order, and whether the source still speaks."""

from __future__ import annotations

from monitor.book.accounts import Doubt, Watched
from monitor.book.lanes import Lane, LaneKey
from monitor.book.sequence import Admission, SourceSequence
from monitor.domain.errors import BadInput
from monitor.domain.events import OWN_SOURCE, AccountEventType, AccountState, Heartbeat
from monitor.domain.ids import SourcePosition
from monitor.engine.turn import Turn
from monitor.engine.verdicts import conclude, doubt_account, refuse
from monitor.engine.world import World


class SourceDesk:
    """Writes the lanes of sources and each account's numbers; doubts an account whose source left something out."""

    def __init__(self, world: World) -> None:
        self._world = world

    def expire(self, turn: Turn) -> None:
        """Doubt the accounts of every source that was silent for longer than its limit."""
        for lane in list(self._world.lanes.expire(turn.engine_ns)):
            for account in sorted(lane.accounts):
                doubt_account(self._world, self._world.accounts[account], Doubt.STALE, "", turn)

    def admit(
        self, watched: Watched, event: AccountEventType, position: SourcePosition | None, turn: Turn
    ) -> SourceSequence | None:
        """The numbers of the event's source with this event noted; None for what must not be applied."""
        sequence = watched.sequences.get(event.source)
        if sequence is None:
            sequence = watched.sequences[event.source] = SourceSequence(event.source_epoch)
        admission = sequence.admit(event.source_epoch, event.account_seq)
        if admission is Admission.OLDER_EPOCH:
            error = BadInput("older epoch than one already seen", field="source_epoch", value=event.source_epoch)
            refuse(self._world, event, error, position, turn)
            return None
        if admission is Admission.DUPLICATE:
            self._world.counters.duplicates += 1
            return None
        self._note_admission(watched, sequence, admission)
        return sequence

    def on_heartbeat(self, beat: Heartbeat, turn: Turn) -> None:
        """A source lives; a count that differs from ours means that something of its accounts was lost on the way."""
        lane = self._world.lanes.lane(LaneKey(beat.source, beat.partition))
        if beat.source_epoch < lane.epoch:
            error = BadInput("older epoch than one already seen", field="source_epoch", value=beat.source_epoch)
            refuse(self._world, beat, error, None, turn)
            return
        if beat.source_epoch > lane.epoch:
            if lane.epoch:
                self._begin_epoch(lane, beat, turn)
            lane.epoch, lane.count = beat.source_epoch, 0
        if lane.count != beat.count:
            detail = f"{beat.source} sent {beat.count} events to partition {beat.partition}, {lane.count} arrived"
            for account in sorted(lane.accounts):
                doubt_account(self._world, self._world.accounts[account], Doubt.GAP, detail, turn)
                self._unheal(self._world.accounts[account], beat.source)
            lane.count = beat.count
        self._wake_lane(lane, beat.ts_recv_ns, turn)

    def _begin_epoch(self, lane: Lane, beat: Heartbeat, turn: Turn) -> None:
        """The source started anew: none of its accounts is certain until it has stated it again."""
        for account in sorted(lane.accounts):
            watched = self._world.accounts[account]
            sequence = watched.sequences.get(beat.source)
            if sequence is not None and sequence.epoch < beat.source_epoch:
                self._world.keep(account)
                sequence.begin(beat.source_epoch)
                doubt_account(self._world, watched, Doubt.NEW_EPOCH, f"{beat.source} epoch {beat.source_epoch}", turn)

    def lane_of(self, watched: Watched, event: AccountEventType, position: SourcePosition | None) -> Lane:
        """The lane that the account rides on from this event on: what must speak for it to be fresh."""
        known = self._world.lanes.of_account(watched.account)
        if event.source == OWN_SOURCE and known is not None:
            return known
        watched.source = event.source
        if event.source in self._world.settings.stream_sources:
            return self._world.lanes.ride(watched.account, LaneKey(event.source, -1, watched.account))
        partition = position.partition if position is not None else 0
        return self._world.lanes.ride(watched.account, LaneKey(event.source, partition))

    def count_unwatched(self, event: AccountEventType, position: SourcePosition | None, turn: Turn) -> None:
        """A record of an account that is not watched did arrive: its source counts it in its heartbeats."""
        if event.source != OWN_SOURCE and event.source not in self._world.settings.stream_sources:
            lane = self._world.lanes.lane(LaneKey(event.source, position.partition if position is not None else 0))
            self.refresh_lane(lane, event, position, turn)

    def refresh_lane(self, lane: Lane, event: AccountEventType, position: SourcePosition | None, turn: Turn) -> None:
        """Count a record of a lane, whatever becomes of it, and note that its source speaks."""
        if event.source == OWN_SOURCE:
            # It stands for a record that was read and could not be used: sent and arrived, as its source counts.
            lane.count += position is not None
            return
        is_stream = event.source in self._world.settings.stream_sources
        if not is_stream:
            if event.source_epoch < lane.epoch:
                return  # what an earlier life of the source sent is no sign of this one
            if event.source_epoch > lane.epoch:
                lane.epoch, lane.count = event.source_epoch, 0
            lane.count += 1
        elif lane.last_recv_ns and not (isinstance(event, AccountState) and event.complete):
            return
        self._wake_lane(lane, event.ts_recv_ns, turn, sender=event.account)

    def _wake_lane(self, lane: Lane, recv_ns: int, turn: Turn, *, sender: str = "") -> None:
        """The lane spoke. The account that spoke is concluded with what its event says: a hole must release nothing."""
        lane.last_recv_ns = max(lane.last_recv_ns, recv_ns)
        if lane.is_stale and turn.engine_ns - lane.last_recv_ns <= lane.limit_ns:
            lane.is_stale = False
            for account in sorted(lane.accounts):
                self._world.keep(account)
                watched = self._world.accounts[account]
                before = watched.certainty
                watched.doubts.pop(Doubt.STALE, None)
                if account != sender:
                    conclude(watched, before, turn, refresh=False)

    def _note_admission(self, watched: Watched, sequence: SourceSequence, admission: Admission) -> None:
        if admission is Admission.HOLE_BEFORE:
            watched.doubts[Doubt.GAP] = f"{watched.source} before number {sequence.last}"
        elif admission is Admission.NEW_EPOCH:
            watched.doubts[Doubt.NEW_EPOCH] = f"{watched.source} epoch {sequence.epoch}"

    def _unheal(self, watched: Watched, source: str) -> None:
        sequence = watched.sequences.get(source)
        if sequence is not None:
            sequence.last_hole = sequence.last + 1
