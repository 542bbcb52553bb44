"""The command line. Each command says what it does, what it reads, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import orjson

from monitor import __version__
from monitor.assess.run import run_assess
from monitor.config import Config, LogSettings, config_schema, load_config
from monitor.domain.errors import BadInput, MarginwatchError
from monitor.logs import configure_logs

DONE = 0
FAILED = 1
BAD_INPUT = 2

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 when it did what it was asked, 1 when it failed, 2 for bad input (named on standard error)."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    command: Command | None = getattr(parsed, "command", None)
    if command is None:
        parser.print_help()
        return BAD_INPUT
    try:
        return command(parsed)
    except MarginwatchError as error:
        sys.stderr.write(f"marginwatch: {error}\n")
        return BAD_INPUT if isinstance(error, BadInput) else FAILED
    except KeyboardInterrupt:
        return FAILED


# ---- the commands


def _run(parsed: argparse.Namespace) -> int:
    from monitor.app import Daemon  # noqa: PLC0415 - assess and config check need no engine

    config = _with_port(load_config(parsed.config), parsed.port)
    configure_logs(config.log)

    async def serve() -> None:
        await Daemon(config).run()

    return _serve(serve())


def _demo(parsed: argparse.Namespace) -> int:
    from monitor.demo import DemoOptions, run_demo  # noqa: PLC0415 - as above

    configure_logs(LogSettings(level=parsed.log_level))
    options = DemoOptions(
        port=parsed.port,
        accounts=parsed.accounts,
        seed=parsed.seed,
        state_folder=parsed.state,
        crash_delay_s=parsed.crash_delay,
        crash_duration_s=parsed.crash_duration,
        crash_fall_ratio=parsed.crash_fall,
    )
    return _serve(run_demo(options, _say))


def _replay(parsed: argparse.Namespace) -> int:
    from monitor.replay.commands import run_replay  # noqa: PLC0415 - as above

    return run_replay(
        parsed.recording,
        decisions=parsed.decisions,
        at_seq=parsed.at,
        as_json=parsed.json,
        config=parsed.config,
        batch_rows=parsed.batch,
        snapshot=parsed.snapshot,
        out=sys.stdout,
        err=sys.stderr,
    )


def _recording_build(parsed: argparse.Namespace) -> int:
    from monitor.replay.commands import run_recording_build  # noqa: PLC0415 - as above

    return run_recording_build(
        parsed.candles,
        accounts=parsed.accounts,
        out_path=parsed.out,
        start=parsed.start,
        end=parsed.end,
        out=sys.stdout,
        err=sys.stderr,
    )


def _recording_accounts(parsed: argparse.Namespace) -> int:
    from monitor.replay.commands import run_recording_accounts  # noqa: PLC0415 - as above

    return run_recording_accounts(
        parsed.candles,
        brackets=parsed.brackets,
        count=parsed.count,
        seed=parsed.seed,
        at=parsed.at,
        out_path=parsed.out,
        out=sys.stdout,
        err=sys.stderr,
    )


def _assess(parsed: argparse.Namespace) -> int:
    return run_assess(parsed.file, as_json=parsed.json, out=sys.stdout, err=sys.stderr)


def _config_check(parsed: argparse.Namespace) -> int:
    config = load_config(parsed.config)
    sys.stdout.write(f"{parsed.config}: well-formed, every key known\n")
    if not parsed.connect:
        return DONE
    from monitor.connection_check import check_connections  # noqa: PLC0415 - only this needs the connectors

    configure_logs(LogSettings(level="error"))
    return _asyncio_run(check_connections(config, sys.stdout))


def _test_page(parsed: argparse.Namespace) -> int:
    from connectors.notify.test_page import run_test_page  # noqa: PLC0415 - only this needs the sinks
    from monitor.clock import WallClock  # noqa: PLC0415 - as above
    from monitor.domain.alert import Severity  # noqa: PLC0415 - as above

    config = load_config(parsed.config)
    configure_logs(LogSettings(level="error"))
    return _asyncio_run(
        run_test_page(
            config.notify,
            config.alerting.instance_group,
            sink=parsed.sink,
            severity=Severity(parsed.severity),
            hold_s=parsed.hold,
            now_ns=WallClock().now_ns,
            say=_say,
        )
    )


def _config_schema(_parsed: argparse.Namespace) -> int:
    sys.stdout.write(orjson.dumps(config_schema(), option=orjson.OPT_INDENT_2).decode() + "\n")
    return DONE


# ---- how they are run


def _serve(coroutine: Coroutine[Any, Any, None]) -> int:
    async def serve() -> int:
        await coroutine
        return DONE

    return _asyncio_run(serve())


def _asyncio_run(coroutine: Coroutine[Any, Any, int]) -> int:
    """Run to the end; of a group of failures the first error that is ours is told, as if it had come alone."""
    try:
        return asyncio.run(coroutine)
    except BaseExceptionGroup as group:
        ours = _first_of_ours(group)
        if ours is None:
            raise
        raise ours from group


def _first_of_ours(error: BaseException) -> MarginwatchError | None:
    if isinstance(error, MarginwatchError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for found in map(_first_of_ours, error.exceptions) if found is not None), None)
    return None


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _with_port(config: Config, port: int | None) -> Config:
    from msgspec.structs import replace  # noqa: PLC0415 - one use

    return config if port is None else replace(config, http=replace(config.http, port=port))


# ---- what they take


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="marginwatch",
        description="Keeps the shared-collateral margin of every cross-margin account current on every tick, "
        "and warns before a liquidation. Read-only: it needs no key that can trade.",
        epilog="Exit codes: 0 done, 1 failed, 2 bad input (named on standard error), 3 unknown (assess).",
    )
    parser.add_argument("--version", action="version", version=f"marginwatch {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    _add_demo(commands)
    _add_assess(commands)
    _add_replay(commands)
    _add_recording(commands)
    _add_config(commands)
    _add_test_page(commands)
    return parser


Commands = Any  # argparse names the type of its subparsers in private only


def _add(commands: Commands, name: str, command: Command | None, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    if command is not None:
        parser.set_defaults(command=command)
    return parser


def _add_run(commands: Commands) -> None:
    parser = _add(commands, "run", _run, "run the daemon until SIGTERM or Ctrl-C")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="TOML configuration")
    parser.add_argument("--port", type=int, help="port of board, API and metrics, in place of http.port")


def _add_demo(commands: Commands) -> None:
    parser = _add(commands, "demo", _demo, "watch a simulated venue crash: no keys, no network")
    parser.add_argument("--port", type=int, default=8700, help="port of the board (default %(default)s)")
    parser.add_argument("--accounts", type=int, default=320, help="simulated accounts (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of market and accounts (default %(default)s)")
    parser.add_argument(
        "--state", type=Path, metavar="FOLDER", help="where snapshots and the recording go (default: a new one)"
    )
    parser.add_argument("--crash-delay", type=float, default=60.0, metavar="S", help="seconds from READY to the crash")
    parser.add_argument("--crash-duration", type=float, default=90.0, metavar="S", help="seconds the crash takes")
    parser.add_argument("--crash-fall", type=float, default=0.2, metavar="RATIO", help="how far BTC falls")
    parser.add_argument(
        "--log-level", default="warning", choices=("debug", "info", "warning", "error"), help="default: warning"
    )


def _add_assess(commands: Commands) -> None:
    text = "margin of accounts described in a JSON file, offline, every figure with its parts and sources"
    parser = _add(commands, "assess", _assess, text)
    parser.add_argument("file", type=Path, metavar="FILE", help="accounts as docs/account-file.md describes")
    parser.add_argument("--json", action="store_true", help="the same answer for programs")


def _add_replay(commands: Commands) -> None:
    parser = _add(commands, "replay", _replay, "run a recording through the engine again")
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="a recording of `run`, `demo` or `recording build`")
    parser.add_argument("--decisions", type=Path, metavar="FILE", help="write one JSON line per decision")
    parser.add_argument("--at", type=int, metavar="SEQ", help="stop at this input and print the accounts as the API would")
    parser.add_argument("--json", action="store_true", help="with --at: as JSON")
    parser.add_argument("--config", type=Path, metavar="FILE", help="replay under these settings in place of the recorded ones")
    parser.add_argument("--snapshot", type=Path, metavar="FILE", help="begin at a snapshot of the same run")
    parser.add_argument("--batch", type=int, metavar="N", help="cut prices into batches of N; decisions stay the same")


def _add_recording(commands: Commands) -> None:
    parser = _add(commands, "recording", None, "make recordings from price history")
    kinds = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    build = _add(kinds, "build", _recording_build, "make a recording from candles and a file of accounts")
    build.add_argument(
        "--candles", type=Path, nargs="+", required=True, metavar="FILE", help="one-minute candles, one symbol a file"
    )
    build.add_argument(
        "--accounts", type=Path, required=True, metavar="FILE", help="tables and accounts, see docs/recording.md"
    )
    build.add_argument("--out", type=Path, required=True, metavar="FILE", help="the recording; must not exist")
    build.add_argument(
        "--from", dest="start", metavar="TIME", help="UTC time such as 2021-05-19T00:00 (default: when the accounts file opens)"
    )
    build.add_argument("--to", dest="end", metavar="TIME", help="UTC time (default: the last candle)")
    book = _add(kinds, "accounts", _recording_accounts, "make a file of seeded accounts for `recording build`")
    book.add_argument("--count", type=int, default=500, help="how many accounts (default %(default)s)")
    book.add_argument("--seed", type=int, default=7, help="default %(default)s")
    book.add_argument(
        "--candles", type=Path, nargs="+", required=True, metavar="FILE", help="prices at the start are read here"
    )
    book.add_argument("--brackets", type=Path, required=True, metavar="FILE", help="leverage brackets of the venue, JSON")
    book.add_argument(
        "--at", required=True, metavar="TIME", help="UTC time at which the accounts open, such as 2021-05-19T00:00"
    )
    book.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file of accounts")


def _add_config(commands: Commands) -> None:
    parser = _add(commands, "config", None, "check or describe the configuration")
    kinds = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = _add(kinds, "check", _config_check, "validate a configuration as a whole")
    check.add_argument("--config", type=Path, required=True, metavar="FILE", help="TOML configuration")
    check.add_argument(
        "--connect",
        action="store_true",
        help="also connect: keys readable and read-only, clock offset, tables loaded, streams alive",
    )
    _add(kinds, "schema", _config_schema, "print the JSON Schema of the configuration")


def _add_test_page(commands: Commands) -> None:
    parser = _add(commands, "test-page", _test_page, "send a marked test alert through the whole chain, hop by hop")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="TOML configuration")
    parser.add_argument("--sink", metavar="NAME", help="`alertmanager` or the name of a webhook (default: all)")
    parser.add_argument(
        "--severity", default="warning", choices=("warning", "critical"), help="critical wakes people (default: warning)"
    )
    parser.add_argument(
        "--hold", type=float, default=0.0, metavar="S", help="seconds the test stays on, for routes that wait (default 0)"
    )


if __name__ == "__main__":
    sys.exit(main())
