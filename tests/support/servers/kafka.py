"""A real Kafka broker: KRaft, one process, on loopback. It can be killed with -9 and started again on its data."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from tests.support.requirements import ROOT, missing, program
from tests.support.servers.process import ServerProcess, free_port

JARS = ROOT / ".servers" / "kafka"
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"
READY_TIMEOUT_S = 60.0

# aiokafka logs each refused connection; while a broker is down on purpose that is noise.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

T = TypeVar("T")


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own in another thread: a synchronous fixture may not touch the test's loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


class KafkaBroker:
    """One broker. `KAFKA_BOOTSTRAP=host:port` names one that runs already: then it cannot be killed or restarted."""

    def __init__(self, folder: Path, jars: Path = JARS) -> None:
        self._external = os.environ.get("KAFKA_BOOTSTRAP")
        self._process: ServerProcess | None = None
        if self._external is not None:
            self.bootstrap = self._external
            return
        java = program("java", "kafka")
        if not any(jars.glob("kafka_2.13-*.jar")):
            missing("kafka", "no broker jars; run .ci/fetch-jars, or set KAFKA_BOOTSTRAP")
        port, controller_port = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{port}"
        properties = folder / "server.properties"
        properties.write_text(_properties(port, controller_port, folder / "data"))
        classpath = f"{jars}/*"
        format_storage = [java, "-cp", classpath, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
        subprocess.run(format_storage, check=True, capture_output=True)
        options = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        options.append("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        self._process = ServerProcess([java, *options, "-cp", classpath, "kafka.Kafka", str(properties)], folder / "kafka.log")

    @property
    def is_external(self) -> bool:
        """Whether the broker is one that runs already and is not ours to kill."""
        return self._process is None

    @property
    def process(self) -> ServerProcess:
        """The broker's process; the test is skipped by name when the broker is not ours."""
        if self._process is None:
            missing("kafka", "this test kills the broker and KAFKA_BOOTSTRAP names a running one")
            raise AssertionError  # not reached: missing() ends the test
        return self._process

    def start(self) -> None:
        """Start the broker (a second time: on the data it had) and wait until it answers an admin client."""
        if self._process is not None:
            self._process.start()
            self._process.wait_until(lambda: run_apart(_answers(self.bootstrap)), READY_TIMEOUT_S, "Kafka")
        elif not run_apart(_answers(self.bootstrap)):
            missing("kafka", "nothing answers at KAFKA_BOOTSTRAP")

    def kill(self) -> None:
        """Kill the broker with -9."""
        self.process.kill()

    def restart(self) -> None:
        """Kill the broker with -9 and start it again on its data; blocks the calling thread until it answers."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End the broker."""
        if self._process is not None:
            self._process.stop(timeout_s=2.0)
            self._process.kill()

    async def create_topic(self, name: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None:
        """Create a topic; wait until a client sees all its partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            topic = NewTopic(name, num_partitions=partitions, replication_factor=1, topic_configs=dict(configs or {}))
            await admin.create_topics([topic])
            while True:
                described = await admin.describe_topics([name])
                if described[0]["error_code"] == 0 and len(described[0]["partitions"]) == partitions:
                    return
        finally:
            await admin.close()

    async def create_marginwatch_topics(self, prefix: str, *, prices: int = 1, accounts: int = 4) -> None:
        """Create every topic that the daemon uses, under a prefix of the test's own."""
        compacted = {"cleanup.policy": "compact"}
        await self.create_topic(f"{prefix}.prices", prices)
        await self.create_topic(f"{prefix}.account-events", accounts)
        await self.create_topic(f"{prefix}.risk-parameters", 1, compacted)
        await self.create_topic(f"{prefix}.levels", accounts, compacted)
        await self.create_topic(f"{prefix}.alerts", 1, compacted)
        await self.create_topic(f"{prefix}.dead-letters", 1)


async def _answers(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=2000)
    try:
        await admin.start()
        await admin.list_topics()
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()
    return True


def _properties(port: int, controller_port: int, data: Path) -> str:
    return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
"""
