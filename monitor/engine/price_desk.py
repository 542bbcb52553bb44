"""The desk of prices: judges each tick, wakes drivers, and hands runs of ticks to the columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monitor.book.drivers import Verdict
from monitor.domain.certainty import DriverState
from monitor.domain.effects import Cause, CauseKind, CertaintyChanged, CertaintySubject, InputRefused
from monitor.domain.ids import SourcePosition, venue_of
from monitor.domain.inputs import PriceBatch
from monitor.engine.pool_desk import PoolDesk
from monitor.engine.turn import Turn
from monitor.engine.world import World

# The hot path compares columns of plain integers: reading a member off its enum costs more than the comparison.
_APPLIES, _LATE, _AHEAD = int(Verdict.APPLIES), int(Verdict.LATE), int(Verdict.AHEAD)


class PriceDesk:
    """Writes the drivers. Cutting the same prices into other batches gives the same effects."""

    def __init__(self, world: World, pools: PoolDesk) -> None:
        self._world = world
        self._pools = pools
        self._venues: list[str] = []
        self._venue_of_driver = np.empty(0, np.int64)

    def on_batch(self, batch: PriceBatch, turn: Turn) -> None:
        """Apply the rows in order; row k has the seq `turn.seq + k`."""
        world = self._world
        first_seq = turn.seq
        driver = world.drivers.bound(np.frombuffer(batch.driver, np.int32))
        price = np.frombuffer(batch.price, np.float64)
        event_ns = np.frombuffer(batch.ts_event_ns, np.int64)
        recv_ns = np.frombuffer(batch.ts_recv_ns, np.int64)
        seqs = np.arange(first_seq, first_seq + driver.size, dtype=np.int64)
        latest_ns = world.now_ns + world.settings.ahead_limit_ns
        row = 0
        while row < driver.size:
            rest = slice(row, None)
            verdict, stop = world.drivers.judge(
                driver[rest], price[rest], event_ns[rest], recv_ns[rest], latest_ns, compiled=world.is_valuing
            )
            end = row + stop
            applies = verdict[:stop] == _APPLIES
            if applies.all():
                self._run(driver[row:end], price[row:end], seqs[row:end], turn)
            else:
                self._run(driver[row:end][applies], price[row:end][applies], seqs[row:end][applies], turn)
                self._count_refusals(batch, row, verdict[:stop], driver, first_seq, turn)
            if end < driver.size:
                turn.seq = int(seqs[end])
                self._wake(int(driver[end]), float(price[end]), int(event_ns[end]), int(recv_ns[end]), turn)
                end += 1
            row = end
        turn.seq = first_seq + driver.size - 1
        self._note(batch, driver)

    def expire(self, turn: Turn) -> None:
        """Drivers whose last price is older than their limit go STALE: their holders are, without being touched."""
        stale, negative = self._world.drivers.expire(turn.engine_ns)
        self._world.counters.negative_ages += negative
        for index in stale:
            turn.effects.append(
                CertaintyChanged(
                    seq=turn.seq,
                    engine_ns=turn.engine_ns,
                    kind=CertaintySubject.DRIVER,
                    subject=str(self._world.drivers.key(index)),
                    old=DriverState.LIVE,
                    new=DriverState.STALE,
                    reasons=("no price within its limit",),
                )
            )

    def _run(
        self,
        driver: npt.NDArray[np.int32],
        price: npt.NDArray[np.float64],
        seqs: npt.NDArray[np.int64],
        turn: Turn,
    ) -> None:
        """Hand rows that apply to the columns, in one call."""
        if not driver.size:
            return
        if self._world.is_valuing:
            self._pools.apply_rows(driver, price, seqs, turn)
        else:
            for index, value in zip(driver.tolist(), price.tolist(), strict=True):
                self._pools.book.set_price(index, value)
        self._world.drivers.moved(driver, price)

    def _wake(self, index: int, price: float, event_ns: int, recv_ns: int, turn: Turn) -> None:
        """A driver's first price, or the one that ends its staleness."""
        drivers = self._world.drivers
        old = drivers.state_of(index)
        key = drivers.key(index)
        turn.cause = Cause(CauseKind.PRICE, str(key), drivers.price(index), price)
        drivers.wake(index, event_ns, recv_ns)
        turn.effects.append(
            CertaintyChanged(
                seq=turn.seq,
                engine_ns=turn.engine_ns,
                kind=CertaintySubject.DRIVER,
                subject=str(key),
                old=old,
                new=DriverState.LIVE,
                reasons=(),
            )
        )
        row_driver, row_price = np.array([index], np.int32), np.array([price])
        if not self._world.is_valuing:
            self._pools.book.set_price(index, price)
        elif old is DriverState.NEVER_SEEN:
            self._pools.first_price(index, price, turn)
        else:
            self._pools.apply_rows(row_driver, row_price, np.array([turn.seq], np.int64), turn)
            self._pools.release(self._pools.entries_on(index), turn)
        drivers.moved(row_driver, row_price)

    def _count_refusals(
        self,
        batch: PriceBatch,
        row: int,
        verdict: npt.NDArray[np.int8],
        driver: npt.NDArray[np.int32],
        first_seq: int,
        turn: Turn,
    ) -> None:
        counters = self._world.counters
        counters.prices_late += int(np.count_nonzero(verdict == _LATE))
        for offset in np.flatnonzero(verdict >= _AHEAD):
            at = row + int(offset)
            ahead = verdict[offset] == _AHEAD
            counters.prices_ahead += bool(ahead)
            reason = "price_ahead_of_clock" if ahead else "price_unusable"
            topic, partition = batch.lanes[batch.lane[at]]
            counters.records_refused[topic, reason] = counters.records_refused.get((topic, reason), 0) + 1
            turn.effects.append(
                InputRefused(
                    seq=first_seq + at,
                    engine_ns=turn.engine_ns,
                    source=topic,
                    field="ts_event_ns" if ahead else "price",
                    value=str(batch.ts_event_ns[at] if ahead else batch.price[at]),
                    reason=f"{reason}: {self._world.drivers.key(int(driver[at]))}",
                    account=None,
                    position=SourcePosition(topic, partition, batch.offset_last[at]),
                )
            )

    def _note(self, batch: PriceBatch, driver: npt.NDArray[np.int32]) -> None:
        """Count the ticks per venue, and note how far each lane was read."""
        world = self._world
        ticks = world.counters.ticks
        rows_of_venue = np.bincount(self._venues_of(driver), minlength=len(self._venues)).tolist()
        for venue, rows in zip(self._venues, rows_of_venue, strict=True):
            if rows:
                ticks[venue] = ticks.get(venue, 0) + rows
        count = np.frombuffer(batch.count, np.int32)
        world.counters.prices_coalesced += int(count.sum()) - count.size
        lane = np.frombuffer(batch.lane, np.int32)
        last = np.frombuffer(batch.offset_last, np.int64)
        for index, (topic, partition) in enumerate(batch.lanes):
            read = last[lane == index]
            if read.size:
                known = world.positions.get((topic, partition), -1)
                world.positions[topic, partition] = max(known, int(read.max()))

    def _venues_of(self, driver: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """The place in `_venues` of each row's venue; a driver's venue is looked up once."""
        drivers = self._world.drivers
        known = self._venue_of_driver.size
        if known < len(drivers):
            fresh = [venue_of(drivers.key(index).subject) for index in range(known, len(drivers))]
            self._venues += sorted(set(fresh) - set(self._venues))
            places = [self._venues.index(venue) for venue in fresh]
            self._venue_of_driver = np.concatenate([self._venue_of_driver, np.array(places, np.int64)])
        found: npt.NDArray[np.int64] = self._venue_of_driver[driver]
        return found
