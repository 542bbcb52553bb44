"""The tree of errors.

MarginwatchError
 +- BadInput          one message, record, file field or setting is wrong: refuse it, count it, go on
 |   +- BadConfiguration   the configuration as a whole is refused, nothing starts
 +- Transient         the outside did not answer as it should: try again later
 +- InvariantBroken   a bug in marginwatch: stop rather than go on with wrong figures
"""

from __future__ import annotations

import re

_PLACE = re.compile(r"[.\[/ ]")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,40}")


class MarginwatchError(Exception):
    """Base of all errors that marginwatch raises on purpose."""


class BadInput(MarginwatchError):
    """A value from outside that cannot be used, with the field, the value and the source that gave it."""

    def __init__(self, reason: str, *, field: str = "", value: object = None, source: str = "") -> None:
        super().__init__(reason, field, value, source)
        self.reason = reason
        self.field = field
        self.value = value
        self.source = source

    @property
    def code(self) -> str:
        """The wrong field without what varies (list positions, keys of maps), `other` without one: fit for a metric's label."""
        word = _PLACE.split(self.field, maxsplit=1)[0]
        return word if _WORD.fullmatch(word) else "other"

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        what = f"{self.field} = {self.value!r}: " if self.field else ""
        return f"{where}{what}{self.reason}"


class BadConfiguration(BadInput):
    """The configuration is refused as a whole; the text names the key, the value and the file."""


class Transient(MarginwatchError):
    """A peer failed in a way that another try may mend."""


class InvariantBroken(MarginwatchError):
    """A statement that must always hold does not: a bug in marginwatch, never the fault of an input."""
