"""The `[kafka]` section of the configuration."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from aiokafka.helpers import create_ssl_context

from monitor.domain.errors import BadConfiguration

PositiveInt = Annotated[int, msgspec.Meta(ge=1)]
PositiveFloat = Annotated[float, msgspec.Meta(gt=0)]


class KafkaSecurity(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How to log in to the brokers. Secrets are read from the environment or from files, never from the configuration."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """The brokers' listener type."""

    ca_file: str | None = None
    """PEM file of the authority that signed the brokers' certificates; None: the system's authorities."""

    certificate_file: str | None = None
    """PEM file of the client certificate, where the brokers ask for one."""

    key_file: str | None = None
    """PEM file of the client certificate's key."""

    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """Used with the SASL protocols."""

    username: str | None = None
    """The SASL user."""

    password_env: str | None = None
    """Name of the environment variable that holds the SASL password."""

    password_file: str | None = None
    """File that holds the SASL password; the last line break is cut off."""

    def client_options(self) -> dict[str, Any]:
        """The security options of an aiokafka client; raises `BadConfiguration` when a secret cannot be read."""
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol in ("SSL", "SASL_SSL"):
            options["ssl_context"] = self._ssl_context()
        if self.protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self._password()
        return options

    def _ssl_context(self) -> ssl.SSLContext:
        try:
            context: ssl.SSLContext = create_ssl_context(
                cafile=self.ca_file, certfile=self.certificate_file, keyfile=self.key_file
            )
        except OSError as error:
            raise BadConfiguration(str(error), field="kafka.security.ca_file", value=self.ca_file) from error
        return context

    def _password(self) -> str:
        if self.password_file is not None:
            try:
                return Path(self.password_file).read_text(encoding="utf-8").removesuffix("\n")
            except OSError as error:
                raise BadConfiguration(str(error), field="kafka.security.password_file", value=self.password_file) from error
        password = os.environ.get(self.password_env) if self.password_env is not None else None
        if password is None:
            raise BadConfiguration(
                "SASL needs a password: name a variable that is set, or a file",
                field="kafka.security.password_env",
                value=self.password_env,
            )
        return password


class KafkaSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where the topics are, and how they are read and written."""

    bootstrap_servers: Annotated[str, msgspec.Meta(min_length=1)]
    """`host:port`, several with commas between."""

    topic_prefix: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]+$")] = "marginwatch"
    """Topics are `<prefix>.prices`, `<prefix>.account-events` and so on."""

    client_id: str = "marginwatch"
    """The name that the brokers' logs and quotas show."""

    account_partitions: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] | None = None
    """The partitions of account events that this instance watches; None: all."""

    isolation_level: Literal["read_uncommitted", "read_committed"] = "read_committed"
    """`read_committed` shows nothing of a transaction that a producer aborted."""

    max_records: PositiveInt = 500
    """Records taken from the client at once: bounds how long the event loop is held."""

    max_partition_fetch_bytes: PositiveInt = 1_048_576
    """Bytes fetched from a partition at once: bounds memory and how long the decoding of a fetch holds the loop."""

    out_of_range: Literal["refuse", "earliest"] = "refuse"
    """What to do when the next offset is no longer (or not yet) on the broker: `refuse` stops reading the partition and says
    so, `earliest` goes on at the oldest record still held and counts the gap; `account_seq` then tells what is missing."""

    watchdog_s: PositiveFloat = 10.0
    """A position that stands still for this long while records wait behind it makes a new consumer."""

    request_timeout_s: PositiveFloat = 10.0
    """How long a broker may take to answer."""

    output_queue_records: PositiveInt = 10_000
    """Levels and alerts waiting to be written, in order; beyond it only the latest state of each key is kept."""

    dead_letter_queue_records: PositiveInt = 1_000
    """Dead letters waiting to be written; beyond it the reader of the bad records waits."""

    security: KafkaSecurity = KafkaSecurity()
    """How to log in."""

    def topic(self, name: str) -> str:
        """The full name of a topic, from its short one: `prices`, `account-events`, ..."""
        return f"{self.topic_prefix}.{name}"

    def client_options(self) -> dict[str, Any]:
        """The options that every aiokafka client takes."""
        return {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "client_id": self.client_id,
            "request_timeout_ms": int(self.request_timeout_s * 1000),
            **self.security.client_options(),
        }
