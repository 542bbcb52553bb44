"""The reference of the configuration, its schema and the example say what the code says."""

from __future__ import annotations

import tomllib

import jsonschema
import msgspec
import pytest

from monitor.config import config_schema, parse_config
from monitor.config_reference import configuration_reference
from monitor.domain.errors import BadConfiguration
from tests.support.requirements import ROOT

EXAMPLE = ROOT / "examples" / "marginwatch.toml"


def test_reference_is_what_the_settings_document() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == configuration_reference(), "run: python -m monitor.config_reference > docs/configuration.md"


def test_every_key_of_the_reference_has_a_meaning() -> None:
    rows = [row for row in configuration_reference().splitlines() if row.startswith("| `")]
    assert len(rows) > 60
    assert [row for row in rows if row.endswith("|  |")] == []


def test_example_is_accepted_by_the_parser_and_by_the_schema() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    config = parse_config(text, str(EXAMPLE))
    assert [account.name for account in config.venues.binance_usdm.accounts] == ["desk1", "desk2"]  # type: ignore[union-attr]
    jsonschema.validate(tomllib.loads(text), config_schema())


def test_unknown_key_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(BadConfiguration, match=r"http\.prot = 1: unknown key, did you mean 'port'\?"):
        parse_config("[http]\nprot = 1\n[venues.binance_usdm]\n", "desk.toml")


def test_decimals_come_from_their_text() -> None:
    text = "[venues.binance_usdm]\n[profiles.x.critical]\nbuffer = { enter = 0.1, leave = 0.3 }"
    band = parse_config(text, "x").profiles["x"].critical.buffer
    assert msgspec.to_builtins(band) == {"enter": "0.1", "leave": "0.3"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing to watch"),
        ("default_profile = 'dsk'\n[venues.binance_usdm]", "default_profile"),
        ("[venues.binance_usdm]\n[profiles.x.critical]\nbuffer = { enter = 0.1, leave = 0.05 }", "nearer to liquidation"),
        ("[venues.binance_usdm]\n[http]\nhost = '0.0.0.0'", "loopback"),
        ("[venues.binance_usdm]\n[inbox]\nevents = 0", "inbox.events = 0"),
        ("not toml", "not a TOML file"),
    ],
)
def test_bad_configuration_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(BadConfiguration, match=words):
        parse_config(text, "desk.toml")
