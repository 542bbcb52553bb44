"""Every relative link of README and docs leads somewhere, and the README's first screen holds what it must."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.requirements import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    relative = [link for link in links if "://" not in link]
    assert [link for link in relative if not (page.parent / link).exists()] == []


def test_first_screen_of_the_readme() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20]
    text = "\n".join(first_screen)
    assert "make demo" in text
    assert "make test" in text
    assert "](docs/board-crash.png)" in text


def test_commands_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"bin/marginwatch (\w[\w-]*)", text))
    known = set(re.findall(r'_add\(commands, "([\w-]+)"', (ROOT / "monitor" / "cli.py").read_text(encoding="utf-8")))
    assert named
    assert named <= known
