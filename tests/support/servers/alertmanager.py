"""A real Alertmanager on loopback, gossip off."""

from __future__ import annotations

from pathlib import Path

from tests.support.requirements import program
from tests.support.servers.process import ServerProcess, free_port, http_ok


class AlertmanagerServer:
    """One replica; `configuration` is the text of its YAML file. Killed and started again it keeps its data and port."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config_path = folder / "alertmanager.yml"
        config_path.write_text(configuration)
        self.process = ServerProcess(
            [
                program("prometheus-alertmanager", "alertmanager"),
                f"--config.file={config_path}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            folder / "alertmanager.log",
        )

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.process.start()
        self.process.wait_until(lambda: http_ok(f"{self.url}/-/ready"), 20.0, "Alertmanager")

    def kill(self) -> None:
        """Kill with -9."""
        self.process.kill()

    def stop(self) -> None:
        """End with SIGTERM."""
        self.process.stop()
