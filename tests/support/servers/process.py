"""One server process: started with its output in a file, killed by its id, never by name."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

POLL_S = 0.05


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ServerProcess:
    """A server that a test may stop, kill with -9, freeze and start again; its output is appended to `log_path`."""

    def __init__(self, command: Sequence[str], log_path: Path) -> None:
        self.command = list(command)
        self.log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; the server must be running."""
        assert self._process is not None, "the server is not started"
        return self._process.pid

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; it need not be ready when this returns."""
        assert not self.is_running(), "the server runs already"
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def send_signal(self, signum: signal.Signals) -> None:
        """Send a signal, as SIGSTOP and SIGCONT to freeze and wake the server."""
        assert self._process is not None, "the server is not started"
        self._process.send_signal(signum)

    def kill(self) -> None:
        """Kill with -9 and wait for the end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End with SIGTERM, with -9 when that takes longer than `timeout_s`."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until(self, is_ready: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Poll until the server is ready; fails with the tail of its output when it died or the time is over."""
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            if not self.is_running() or time.monotonic() > deadline:
                tail = self.log_path.read_text(errors="replace")[-2000:] if self.log_path.exists() else ""
                raise AssertionError(f"{what} did not become ready in {timeout_s} s; its output ends:\n{tail}")
            time.sleep(POLL_S)


def http_ok(url: str) -> bool:
    """Whether a GET is answered with 200 within a second."""
    try:
        with urllib.request.urlopen(url, timeout=1.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
