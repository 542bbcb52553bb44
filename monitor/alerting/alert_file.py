"""The state of alerts on disk: one JSON file, written beside its target and renamed, on disk before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import structlog

from monitor.domain.errors import BadInput

log = structlog.get_logger(__name__)


class AlertFile:
    """Holds the newest state alone; a torn write leaves the one before it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, Any] | None:
        """The state, None when there never was one. Raises `BadInput` when the file cannot be read: alerts would be lost."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadInput(error.strerror or str(error), field="state.folder", source=str(self._path)) from error
        try:
            state: dict[str, Any] = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise BadInput(
                f"not a file of alerts ({error}); move it away to start without the alerts in it", source=str(self._path)
            ) from error
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the state; when this returns it survives a crash of the machine."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.write(orjson.dumps(state))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
