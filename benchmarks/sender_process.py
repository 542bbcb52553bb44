"""A sender in a process of its own: give it orders, get its counts."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Sent:
    """How many ticks went out, and how long it took."""

    ticks: int
    seconds: float

    @property
    def rate(self) -> float:
        """Ticks a second."""
        return self.ticks / self.seconds


class SenderProcess:
    """Runs a script of this folder; pinned to the cores of the process that starts it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, script: str, *arguments: str) -> SenderProcess:
        """Start the script; it need not be ready when this returns."""
        pipe = asyncio.subprocess.PIPE
        path = str(ROOT / "benchmarks" / script)
        return cls(await asyncio.create_subprocess_exec(sys.executable, path, *arguments, stdin=pipe, stdout=pipe))

    async def answer(self) -> dict[str, Any]:
        """The next line it says; raises `RuntimeError` when it ended."""
        if self._process.stdout is None:
            raise RuntimeError("the sender has no output")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the sender ended")
        said: dict[str, Any] = json.loads(line)
        return said

    async def send(self, rate: float, seconds: float) -> Sent:
        """Have it send at a rate and wait until it has."""
        if self._process.stdin is None:
            raise RuntimeError("the sender has no input")
        self._process.stdin.write(f"{rate} {seconds}\n".encode())
        said = await self.answer()
        return Sent(int(said["sent"]), float(said["seconds"]))

    async def stop(self) -> None:
        """Close its input, which ends it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
