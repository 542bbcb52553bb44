"""Closing an aiokafka consumer so that only our own cancellation counts as one.

aiokafka 0.14 cancels its fetch tasks in `Fetcher.close()` and awaits them unguarded: with a fetch under way `stop()` raises
their `CancelledError` in our task, before the connections are closed. Taken for our own it would end a reader in silence.
"""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer


def is_being_cancelled() -> bool:
    """Whether somebody has asked the running task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop the consumer and close its connections, whatever its own tasks do."""
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        for fetch in list(consumer._fetcher._pending_tasks) if consumer._fetcher is not None else ():
            fetch.cancel()
        await consumer._client.close()
        if is_being_cancelled():
            raise
