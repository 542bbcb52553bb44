"""A real Prometheus on loopback."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.requirements import program
from tests.support.servers.process import ServerProcess, free_port, http_ok


class PrometheusServer:
    """One server; `configuration` is the text of its YAML file, `rules` the texts of rule files by file name."""

    def __init__(self, folder: Path, configuration: str, rules: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config_path = folder / "prometheus.yml"
        config_path.write_text(configuration)
        for name, text in (rules or {}).items():
            (folder / name).write_text(text)
        self.process = ServerProcess(
            [
                program("prometheus", "prometheus"),
                f"--config.file={config_path}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--storage.tsdb.retention.time=1h",
                "--web.enable-lifecycle",
                "--log.level=warn",
            ],
            folder / "prometheus.log",
        )

    def start(self) -> None:
        """Start and wait until it is ready; the first scrape shows about 6 s later."""
        self.process.start()
        self.process.wait_until(lambda: http_ok(f"{self.url}/-/ready"), 20.0, "Prometheus")

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query: a list of series with `metric` and `value`."""
        url = f"{self.url}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=10.0) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return result

    def kill(self) -> None:
        """Kill with -9."""
        self.process.kill()

    def stop(self) -> None:
        """End with SIGTERM."""
        self.process.stop()
