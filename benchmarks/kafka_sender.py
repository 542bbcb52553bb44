"""Sends mark prices to a real broker at a given pace: `python benchmarks/kafka_sender.py BOOTSTRAP TOPIC`.

Takes orders as `paced.py` says. Records go out in batches of two milliseconds built by the client's own compiled builder,
since one `send` a record would make the producer the limit.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from aiokafka import AIOKafkaProducer

from benchmarks.market import VENUE, ring, symbol_name
from benchmarks.paced import CHUNK_S, Order, chunk_sizes, orders, say

BATCH_BYTES = 900_000
MOST = 4_000


class KafkaSender:
    """Walks the ring of ticks; symbol s goes to partition s modulo their number."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=BATCH_BYTES)
        heads = [
            (
                tick.symbol,
                f"{VENUE}:{symbol_name(tick.symbol)}".encode(),
                f'{{"schema_version":1,"kind":"mark","price":"{tick.printed}","ts_event_ns":'.encode(),
            )
            for tick in ring()
        ]
        self._ticks = itertools.cycle(heads)
        self._partitions = 1

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()
        self._partitions = len(await self._producer.partitions_for(self._topic))

    async def stop(self) -> None:
        """Write what is queued and close."""
        await self._producer.stop()

    async def send(self, order: Order) -> int:
        """Carry out an order; returns how many ticks the broker has acknowledged."""
        sent = 0
        for due in chunk_sizes(order, MOST):
            if due:
                await self._send_chunk(due)
                sent += due
            await asyncio.sleep(0 if due == MOST else CHUNK_S)
        await self._producer.flush()
        return sent

    async def _send_chunk(self, due: int) -> None:
        batches = [self._producer.create_batch() for _ in range(self._partitions)]
        now_ns = time.time_ns()
        tail = f'{now_ns},"ts_recv_ns":{now_ns}}}'.encode()
        stamp_ms = now_ns // 1_000_000
        for symbol, key, head in itertools.islice(self._ticks, due):
            if batches[symbol % self._partitions].append(key=key, value=head + tail, timestamp=stamp_ms) is None:
                raise RuntimeError("a chunk does not fit into one batch")
        for partition, batch in enumerate(batches):
            if batch.record_count():
                await self._producer.send_batch(batch, self._topic, partition=partition)


async def main(bootstrap: str, topic: str) -> None:
    """Carry out orders until standard input ends."""
    sender = KafkaSender(bootstrap, topic)
    await sender.start()
    say(state="ready")
    lines = orders()
    while (order := await asyncio.to_thread(next, lines, None)) is not None:
        begun = time.monotonic()
        sent = await sender.send(order)
        say(sent=sent, seconds=time.monotonic() - begun)
    await sender.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
