"""Compiling the kernels: once, in a process of its own so that the event loop stays free, and cached on disk.

`python -m monitor.kernels` compiles them all and ends.
"""

from __future__ import annotations

import asyncio
import sys

import structlog

from monitor.book import drivers, pools

log = structlog.get_logger(__name__)


def warm_up() -> None:
    """Compile every kernel, or load it from the cache."""
    drivers.warm_up()
    pools.warm_up()


async def compile_kernels() -> None:
    """Return once every kernel is there: compiled by another process on a cold cache, then loaded by this one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.kernels", stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        # The kernels are compiled in this process then: slower, the screens stand still meanwhile, nothing is wrong.
        log.warning("kernel_compiler_failed", exit_code=process.returncode, error=errors.decode(errors="replace")[-500:])
    await asyncio.to_thread(warm_up)


if __name__ == "__main__":
    warm_up()
