"""What a person would get: a web server that takes the webhooks of Alertmanager, by receiver."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Told:
    """One alert in one notification: `receiver` of the routes, `status` firing or resolved."""

    receiver: str
    status: str
    labels: dict[str, str]


class AlertHook:
    """Use as a context manager; `url(receiver)` goes into the configuration, `told` is what came, in order."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver = self.path.strip("/")
                hook.told.extend(Told(receiver, alert["status"], alert["labels"]) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, receiver: str) -> str:
        """Where the notifications of a receiver go."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{receiver}"

    def about(self, **labels: str) -> list[Told]:
        """What came about alerts with these labels."""
        return [told for told in self.told if labels.items() <= told.labels.items()]

    def wait_for(self, condition: Callable[[], object], seconds: float) -> None:
        """Return once the condition holds; fails with all that came when it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not told in {seconds} s; told: {self.told}"
            time.sleep(0.05)
