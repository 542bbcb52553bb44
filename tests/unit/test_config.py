"""The configuration is refused as a whole, and the text names key, value and file."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor import cli
from monitor.config import config_from_plain, config_schema, config_to_plain, engine_settings, load_config, parse_config
from monitor.domain.errors import BadConfiguration
from monitor.domain.ids import DriverKind
from monitor.domain.profile import DESK
from tests.support.requirements import ROOT

EXAMPLE = ROOT / "examples" / "marginwatch.toml"
VENUE = "[venues.binance_usdm]\n"


def refused(text: str) -> BadConfiguration:
    with pytest.raises(BadConfiguration) as caught:
        parse_config(text, "desk.toml")
    return caught.value


def profile(**switches: str) -> str:
    lines = "\n".join(f"{name} = {bands}" for name, bands in switches.items())
    return f"{VENUE}\n[profiles.own]\n{lines}\n"


def plain_toml(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - for this one test

    found: dict[str, Any] = json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8"))))
    return found


def test_the_example_is_accepted() -> None:
    config = load_config(EXAMPLE)
    assert config.venues.binance_usdm is not None
    assert [account.name for account in config.venues.binance_usdm.accounts] == ["desk1", "desk2"]
    assert engine_settings(config).profiles["tight"].cross.critical.buffer is not None


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("default_profil = 'desk'\n" + VENUE, "default_profil", "default_profile"),
        (VENUE + "[limits]\nmark_ms = 3\n", "limits.mark_ms", "mark_s"),
        (VENUE + "recv_url = 'x'\n", "venues.binance_usdm.recv_url", "rest_url"),
        (VENUE + "[[venues.binance_usdm.accounts]]\nnam = 'a'\n", "venues.binance_usdm.accounts[0].nam", "name"),
        ("[kafka]\nbootstrap_server = 'a:1'\n", "kafka.bootstrap_server", "bootstrap_servers"),
        (profile(critcal="{ ratio = { enter = 1, leave = 1 } }"), "profiles.own.critcal", "critical"),
        (profile(critical="{ ratio = { enter = 1, leaf = 1 } }"), "profiles.own.critical.ratio.leaf", "leave"),
    ],
)
def test_an_unknown_key_names_itself_and_the_nearest(text: str, key: str, nearest: str) -> None:
    error = refused(text)
    assert error.field == key
    assert f"did you mean {nearest!r}" in str(error)
    assert "desk.toml" in str(error)


def test_a_key_like_no_other_is_refused_without_a_guess() -> None:
    assert "did you mean" not in str(refused(VENUE + "zzzzqqq = 1\n"))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (VENUE + "[limits]\nmark_s = 0\n", "limits.mark_s"),
        (VENUE + "[limits]\nkafka_source_s = -1.5\n", "limits.kafka_source_s"),
        (VENUE + "[inbox]\nevents = 0\n", "inbox.events"),
        (VENUE + "[inbox]\nhigh_water_prices = 'many'\n", "inbox.high_water_prices"),
        (VENUE + "[state]\nrecordings_kept = 0\n", "state.recordings_kept"),
        (VENUE + "[state]\nsnapshot_interval_s = 0\n", "state.snapshot_interval_s"),
        (VENUE + "[tables]\nfiles = 'a.json'\n", "tables.files"),
        (VENUE + "[log]\nlevel = 'loud'\n", "log.level"),
        (VENUE + "[log]\nformat = 'xml'\n", "log.format"),
        (VENUE + "[http]\nhost = '0.0.0.0'\n", "http.host"),
        (VENUE + "[http]\nport = 70000\n", "http.port"),
        (VENUE + "rest_url = 'ftp://a'\n", "rest_url"),
        (VENUE + "reconcile_interval_s = 0\n", "reconcile_interval_s"),
        (VENUE + "[[venues.binance_usdm.accounts]]\nname = 'a/b'\nkey_env = 'K'\nsecret_env = 'S'\n", "accounts[0].name"),
        (VENUE + "[[venues.binance_usdm.accounts]]\nname = 'a'\nsecret_env = 'S'\n", "accounts[0].key_env"),
        ("[kafka]\nbootstrap_servers = ''\n", "kafka.bootstrap_servers"),
        ("[kafka]\nbootstrap_servers = 'a:1'\ntopic_prefix = 'a b'\n", "kafka.topic_prefix"),
        ("default_profile = 'nobody'\n" + VENUE, "default_profile"),
    ],
)
def test_each_section_refuses_what_cannot_work(text: str, field: str) -> None:
    assert field in str(refused(text))


def test_nothing_to_watch_is_refused() -> None:
    assert "nothing to watch" in str(refused("default_profile = 'desk'\n"))


def test_what_is_no_toml_and_no_file_is_refused(tmp_path: Path) -> None:
    assert "not a TOML file" in str(refused("a = = 1"))
    with pytest.raises(BadConfiguration, match=r"missing\.toml"):
        load_config(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        (
            {"warning": "{ buffer = { enter = 0.05, leave = 0.1 } }", "critical": "{ buffer = { enter = 0.06, leave = 0.1 } }"},
            "critical.buffer does not tighten",
        ),
        (
            {"critical": "{ ratio = { enter = 0.9, leave = 0.8 } }", "liquidation": "{ ratio = { enter = 1, leave = 0.7 } }"},
            "liquidation.ratio does not tighten",
        ),
        ({"critical": "{ ratio = { enter = 0.8, leave = 0.9 } }"}, "critical.ratio: leaving at 0.9"),
        ({"critical": "{ buffer = { enter = 0.05, leave = 0.04 } }"}, "critical.buffer: leaving at 0.04"),
        ({"critical": "{ buffer = { enter = 0, leave = 0.04 } }"}, "enter must be above 0"),
        ({"isolated": "{ notice = { buffer = { enter = 0.05, leave = 0.04 } } }"}, "notice.buffer: leaving"),
    ],
)
def test_a_profile_must_tighten_from_level_to_level(switches: dict[str, str], said: str) -> None:
    error = refused(profile(**switches))
    assert said in str(error)
    assert error.field == "profiles.own"


def test_a_kind_that_is_left_out_does_not_end_the_tightening() -> None:
    """WARNING says nothing of the ratio: CRITICAL is held against NOTICE."""
    text = profile(
        notice="{ ratio = { enter = 0.9, leave = 0.9 } }",
        warning="{ buffer = { enter = 0.1, leave = 0.2 } }",
        critical="{ ratio = { enter = 0.8, leave = 0.8 } }",
    )
    assert "critical.ratio does not tighten" in str(refused(text))


@pytest.mark.parametrize("written", ["0.1", '"0.1"', "1e-1"])
def test_decimals_are_taken_from_their_text(written: str) -> None:
    text = profile(notice=f"{{ buffer = {{ enter = {written}, leave = 0.3 }} }}")
    band = engine_settings(parse_config(text, "desk.toml")).profiles["own"].cross.notice.buffer
    assert band is not None
    assert (band.enter, band.leave) == (Decimal("0.1"), Decimal("0.3"))


def test_isolated_pools_take_the_cross_figures_unless_told() -> None:
    cross = "{ buffer = { enter = 0.1, leave = 0.2 } }"
    same = engine_settings(parse_config(profile(notice=cross), "f")).profiles["own"]
    other = engine_settings(
        parse_config(profile(notice=cross, isolated="{ notice = { buffer = { enter = 0.05, leave = 0.1 } } }"), "f")
    ).profiles["own"]
    assert same.isolated == same.cross
    assert other.isolated.notice.buffer != other.cross.notice.buffer


def test_what_the_engine_is_told() -> None:
    text = VENUE + "name = 'desk_one'\n[limits]\nmark_s = 1.5\nasset_index_s = 3\nkafka_source_s = 7\nprivate_stream_s = 90\n"
    settings = engine_settings(parse_config(text, "f"))
    assert settings.driver_limit_ns(DriverKind.MARK) == 1_500_000_000
    assert settings.driver_limit_ns(DriverKind.ASSET_BID) == 3_000_000_000
    assert (settings.kafka_limit_ns, settings.stream_limit_ns) == (7_000_000_000, 90_000_000_000)
    assert settings.stream_sources == {"desk_one:stream"}
    assert settings.profiles["desk"] == DESK


def test_a_shipped_profile_may_be_put_in_place_of() -> None:
    text = VENUE + "[profiles.desk]\nnotice = { ratio = { enter = 0.5, leave = 0.5 } }\n"
    assert engine_settings(parse_config(text, "f")).profiles["desk"] != DESK


def test_the_effective_configuration_comes_back_from_plain_data() -> None:
    config = load_config(EXAMPLE)
    assert config_from_plain(json.loads(json.dumps(config_to_plain(config)))) == config


def test_the_schema_is_valid_and_accepts_the_example() -> None:
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(plain_toml(EXAMPLE), schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("wrong", [{"limits": {"mark_s": 0}}, {"limit": {}}, {"log": {"level": "loud"}}])
def test_the_schema_refuses_what_the_reader_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain_toml(EXAMPLE) | wrong, config_schema(), cls=jsonschema.Draft202012Validator)


def test_config_schema_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == config_schema()
