"""`python -m connectors.simulator`: the simulated venue as a process of its own.

Prints one line of JSON when it listens, and runs until SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson

from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.venue import SimulatedVenue


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m connectors.simulator",
        description="A venue in small on loopback: Binance USD-M formats, a seeded market, accounts that are liquidated.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8790, help="port to listen on, 0 = any (default %(default)s)")
    parser.add_argument("--accounts", type=int, default=320, help="number of accounts (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="everything random comes from it (default %(default)s)")
    parser.add_argument(
        "--tick-interval", type=float, default=1.0, metavar="S", help="seconds between prices (default %(default)s)"
    )
    parser.add_argument(
        "--funding-interval", type=int, default=300, metavar="S", help="seconds between fundings (default %(default)s)"
    )
    parser.add_argument(
        "--trades-per-s", type=float, default=2.0, help="trades a second over all accounts (default %(default)s)"
    )
    parser.add_argument("--crash-after", type=float, metavar="S", help="schedule a crash so many seconds after the start")
    parser.add_argument(
        "--crash-fall", type=float, default=0.2, metavar="RATIO", help="how much BTC falls in it (default %(default)s)"
    )
    parser.add_argument(
        "--crash-duration", type=float, default=90.0, metavar="S", help="how long it takes (default %(default)s)"
    )
    parser.add_argument(
        "--keys-file", type=Path, help="write the URLs and the keys of all accounts there, readable by the owner only"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input closes, as it does when the parent process dies"
    )
    return parser.parse_args(given)


async def _serve(arguments: argparse.Namespace) -> None:
    venue = SimulatedVenue(
        SimulatorSettings(
            host=arguments.host,
            port=arguments.port,
            accounts=arguments.accounts,
            seed=arguments.seed,
            tick_interval_s=arguments.tick_interval,
            funding_interval_s=arguments.funding_interval,
            trades_per_s=arguments.trades_per_s,
        )
    )
    await venue.start()
    running = asyncio.ensure_future(venue.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    if arguments.with_parent:
        # Nothing is ever written there: it becomes readable when the other end is gone.
        loop.add_reader(sys.stdin.fileno(), running.cancel)
    if arguments.keys_file is not None:
        _write_keys(arguments.keys_file, venue)
    if arguments.crash_after is not None:
        venue.schedule_crash(arguments.crash_after, arguments.crash_fall, arguments.crash_duration)
    ready = {"rest_url": venue.rest_url, "stream_url": venue.stream_url, "accounts": len(venue.accounts)}
    sys.stdout.write(orjson.dumps(ready).decode() + "\n")
    sys.stdout.flush()
    try:
        await running
    except asyncio.CancelledError:
        pass  # asked to stop
    finally:
        await venue.stop()


def _write_keys(path: Path, venue: SimulatedVenue) -> None:
    """The keys as JSON, in a file that is never readable by others, complete or not there."""
    content = {
        "rest_url": venue.rest_url,
        "stream_url": venue.stream_url,
        "accounts": [{"name": item.name, "api_key": item.api_key, "api_secret": item.api_secret} for item in venue.accounts],
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    temporary.replace(path)


def main(given: list[str] | None = None) -> int:
    """Runs until stopped; 0, or 2 with a line on stderr when it cannot start."""
    arguments = _arguments(sys.argv[1:] if given is None else given)
    try:
        asyncio.run(_serve(arguments))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"simulated venue: cannot start on {arguments.host}:{arguments.port} (--port): {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
