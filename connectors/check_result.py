"""One line of `config check --connect`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What was checked, whether it is as it should be, and what was seen. `passed` None: it could not be found out."""

    name: str
    passed: bool | None
    detail: str
