"""What a test needs from outside the repository: the shared folder and real servers.

On a laptop a missing one skips its tests by name; `MARGINWATCH_REQUIRE=shared,kafka,...` makes it a failure.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def required() -> frozenset[str]:
    """The names in MARGINWATCH_REQUIRE."""
    return frozenset(name.strip() for name in os.environ.get("MARGINWATCH_REQUIRE", "").split(",") if name.strip())


def missing(name: str, why: str) -> None:
    """Skip the test, or fail it when MARGINWATCH_REQUIRE names what is missing."""
    if name in required():
        pytest.fail(f"{name} is required and missing: {why}", pytrace=False)
    pytest.skip(f"needs {name}: {why}")


def shared_folder() -> Path:
    """The folder of shared venue data (MARGINWATCH_SHARED, else `../shared` beside the repository)."""
    folder = Path(os.environ.get("MARGINWATCH_SHARED", ROOT.parent / "shared"))
    if not (folder / "cases").is_dir():
        missing("shared", f"no cases in {folder.name}; set MARGINWATCH_SHARED")
    return folder


def program(name: str, server: str) -> str:
    """The path of an installed program."""
    found = shutil.which(name)
    if found is None:
        missing(server, f"{name} is not installed")
        raise AssertionError  # not reached: missing() ends the test
    return found
