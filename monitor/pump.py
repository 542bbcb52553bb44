"""The pump: takes what waits in the inbox, in order, through the engine, into the recording, and hands out the effects.

State changes hold no `await`: readers on the same loop see the book only between two inputs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from monitor.domain.effects import Effect
from monitor.domain.ids import SourcePosition
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.engine import Engine
from monitor.inbox import EngineInbox

ROWS_AT_ONCE = 2_048
"""Price rows processed before other tasks get a turn: bounds how long the loop is held."""

YIELD_AFTER_NS = 4_000_000
"""Time after which other tasks get a turn, whatever is left to do."""


class Recorder(Protocol):
    """Takes every input in order."""

    def append(self, seq_first: int, engine_ns: int, item: Input, position: SourcePosition | None) -> None:
        """Keep one input; a batch's row k has the seq `seq_first + k`."""


class Pump:
    """The only caller of `Engine.process` in the daemon.

    `deliver` gets the effects of each piece of input after it was recorded, and is called for each clock even without any.
    `decided` gets the piece and the time at which its levels were decided.
    """

    def __init__(
        self,
        engine: Engine,
        inbox: EngineInbox,
        recorder: Recorder | None,
        *,
        deliver: Callable[[list[Effect]], Awaitable[None]],
        decided: Callable[[Input, int], None],
        now_ns: Callable[[], int],
    ) -> None:
        self._engine = engine
        self._inbox = inbox
        self._recorder = recorder
        self._deliver = deliver
        self._decided = decided
        self._now_ns = now_ns

    async def run(self) -> None:
        """Pump until cancelled. A cancellation falls between two inputs, never inside one."""
        while True:
            await self._inbox.wait()
            started_ns = self._now_ns()
            for item, position in self._inbox.take():
                for piece in _pieces(item):
                    await self._process(piece, position)
                    if self._now_ns() - started_ns > YIELD_AFTER_NS:
                        await asyncio.sleep(0)
                        started_ns = self._now_ns()
            await asyncio.sleep(0)

    async def _process(self, item: Input, position: SourcePosition | None) -> None:
        seq_first, engine_ns = self._engine.seq + 1, self._engine.now_ns
        effects = self._engine.process(item, position)
        if self._recorder is not None:
            self._recorder.append(seq_first, engine_ns, item, position)
        self._decided(item, self._now_ns())
        if effects or isinstance(item, ClockAdvanced):
            await self._deliver(effects)


def _pieces(item: Input) -> Iterator[Input]:
    """A batch in pieces that do not hold the loop for long; anything else as it is.

    A batch of bursts is one piece (at most four rows a driver): their positions overlap, so a snapshot taken between two of
    them would hold a position beyond prices that were not processed.
    """
    if not isinstance(item, PriceBatch) or len(item) <= ROWS_AT_ONCE or any(count != 1 for count in item.count):
        yield item
        return
    for start in range(0, len(item), ROWS_AT_ONCE):
        yield item.slice(start, start + ROWS_AT_ONCE)
