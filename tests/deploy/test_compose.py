"""The compose file: its form, its files, its ports; nothing in it listens beyond the machine."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from monitor import __version__
from monitor.cli import main
from monitor.config import load_config
from tests.support.requirements import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
DOCKERFILE = DEPLOY / "Dockerfile"
MARGINWATCH_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT, KAFKA_PORT = 8700, 9090, 9093, 9092


def plain() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = plain()["services"][name]
    return found


def test_the_file_has_the_form_of_the_specification_and_images_are_pinned() -> None:
    schema = json.loads((Path(__file__).parent / "compose.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(plain())
    assert set(plain()["services"]) == {"kafka", "kafka-topics", "marginwatch", "prometheus", "alertmanager", "grafana"}
    assert service("marginwatch")["image"] == f"marginwatch:{__version__}"


def test_what_is_mounted_exists_and_what_is_waited_for_is_a_service() -> None:
    for name, one in plain()["services"].items():
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            assert source in plain()["volumes"] or (DEPLOY / source).exists(), f"{name} mounts {source}"
        assert set(one.get("depends_on", {})) <= set(plain()["services"])


def test_all_volumes_are_used() -> None:
    used = {volume.split(":")[0] for one in plain()["services"].values() for volume in one.get("volumes", [])}
    assert set(plain()["volumes"]) <= used


def test_programs_read_the_files_that_are_mounted() -> None:
    for name in ("prometheus", "alertmanager"):
        file = next(
            item.removeprefix("--config.file=") for item in service(name)["command"] if item.startswith("--config.file=")
        )
        assert file in [volume.split(":")[1] for volume in service(name)["volumes"]]
    rules = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))["rule_files"]
    assert [f"./prometheus/{file}:/etc/prometheus/{file}:ro" for file in rules] == service("prometheus")["volumes"][1:2]
    script = service("kafka-topics")["command"][1]
    assert script in [volume.split(":")[1] for volume in service("kafka-topics")["volumes"]]
    home = service("grafana")["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (DEPLOY / "grafana" / "dashboards" / Path(home).name).is_file()
    secrets = re.findall(
        r"/etc/alertmanager/secrets/\S+", (DEPLOY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    )
    assert secrets
    assert "./alertmanager/secrets:/etc/alertmanager/secrets:ro" in service("alertmanager")["volumes"]


def test_everything_listens_on_the_loopback_alone() -> None:
    assert f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}" in service("prometheus")["command"]
    assert f"--web.listen-address=127.0.0.1:{ALERTMANAGER_PORT}" in service("alertmanager")["command"]
    assert "--cluster.listen-address=" in service("alertmanager")["command"]
    kafka = service("kafka")["environment"]
    listeners = kafka["KAFKA_LISTENERS"].split(",") + kafka["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert all("://127.0.0.1:" in listener for listener in listeners)
    assert service("grafana")["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"


def test_ports_agree_from_file_to_file() -> None:
    config = load_config(DEPLOY / "marginwatch.toml")
    assert config.http.port == MARGINWATCH_PORT
    assert config.kafka is not None
    assert config.kafka.bootstrap_servers == f"127.0.0.1:{KAFKA_PORT}" == service("kafka-topics")["command"][2]
    assert f"PLAINTEXT://{config.kafka.bootstrap_servers}" in service("kafka")["environment"]["KAFKA_LISTENERS"].split(",")
    assert config.notify.alertmanager is not None
    assert config.notify.alertmanager.replicas == [f"http://127.0.0.1:{ALERTMANAGER_PORT}"]
    jobs = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    ports = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    assert ports == {
        "marginwatch": [f"127.0.0.1:{MARGINWATCH_PORT}"],
        "alertmanager": [f"127.0.0.1:{ALERTMANAGER_PORT}"],
        "prometheus": [f"127.0.0.1:{PROMETHEUS_PORT}"],
    }


def test_topics_are_those_of_the_contract() -> None:
    script = (DEPLOY / "kafka" / "create-topics.sh").read_text(encoding="utf-8")
    documented = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
    created = re.findall(r"^create (\S+) (.*)$", script, flags=re.MULTILINE)
    assert created == re.findall(r"--create --topic (\S+) (.*)$", documented, flags=re.MULTILINE)


def test_the_image_copies_what_exists_and_runs_a_command_that_exists(capsys: pytest.CaptureFixture[str]) -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert (DEPLOY / service("marginwatch")["build"]["context"]).resolve() == ROOT
    assert (ROOT / service("marginwatch")["build"]["dockerfile"]).samefile(DOCKERFILE)
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, flags=re.MULTILINE):
        assert [name for name in line.split() if not (ROOT / name).exists()] == []
    command = json.loads(re.findall(r"^CMD (.*)$", text, flags=re.MULTILINE)[-1])
    assert command == ["run", "--config", "/etc/marginwatch/marginwatch.toml"]
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert "--config FILE" in capsys.readouterr().out
    assert "./marginwatch.toml:/etc/marginwatch/marginwatch.toml:ro" in service("marginwatch")["volumes"]
    assert json.loads(re.findall(r"^ENTRYPOINT (.*)$", text, flags=re.MULTILINE)[0])[0] in scripts()
    assert re.findall(r"^FROM (\S+)", text, flags=re.MULTILINE) == ["python:3.11-slim-bookworm"] * 2
    assert "USER marginwatch" in text


def scripts() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    return found


def test_state_is_written_to_the_volume_that_outlives_the_container() -> None:
    config = load_config(DEPLOY / "marginwatch.toml")
    assert f"marginwatch-state:{config.state.folder}" in service("marginwatch")["volumes"]
    assert service("marginwatch")["read_only"] is True
