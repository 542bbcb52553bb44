"""The configuration: one TOML file, validated as a whole. Unknown keys are refused with the nearest known one.

Secrets never stand in it: keys are read from environment variables or files that it names.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from connectors.kafka.settings import KafkaSettings
from connectors.notify.settings import NotifySettings
from connectors.venues.binance.settings import BinanceSettings
from monitor.alerting.settings import AlertingSettings
from monitor.config_keys import unknown_keys
from monitor.domain.errors import BadConfiguration
from monitor.domain.ids import DriverKind
from monitor.domain.profile import CLIENT, DESK, Band, Profile, Switch, SwitchSet
from monitor.engine_settings import SECOND_NS, EngineSettings
from monitor.telemetry.settings import HttpSettings

PositiveFloat = Annotated[float, msgspec.Meta(gt=0)]
PositiveInt = Annotated[int, msgspec.Meta(ge=1)]


class BandSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where a switch goes on and off."""

    enter: Decimal
    """At or beyond this figure the switch goes on."""
    leave: Decimal
    """Inside this figure it may go off; equal to `enter` means no hysteresis."""


class SwitchSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The boundaries of one switch; a kind that is left out is off."""

    ratio: BandSettings | None = None
    """Margin ratio: 1.0 is liquidation, higher is worse."""
    buffer: BandSettings | None = None
    """Buffer ratio: the joint adverse move that eats the headroom, lower is worse."""


class SwitchSetSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The four switches of isolated pools."""

    notice: SwitchSettings = SwitchSettings()
    """Board and metrics."""
    warning: SwitchSettings = SwitchSettings()
    """Desk chat."""
    critical: SwitchSettings = SwitchSettings()
    """Wakes a person."""
    liquidation: SwitchSettings = SwitchSettings()
    """Wakes a person: the venue's own trigger."""


class ProfileSettings(SwitchSetSettings, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A profile of alert boundaries: the four switches of cross pools, and those of isolated pools."""

    isolated: SwitchSetSettings | None = None
    """The switches of isolated pools; left out, they take the cross figures."""


class LimitSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Ages at which an input counts as stale, in seconds."""

    mark_s: PositiveFloat = 5.0
    """Mark and index prices."""
    asset_index_s: PositiveFloat = 10.0
    """Indices that convert collateral assets."""
    kafka_source_s: PositiveFloat = 6.0
    """A Kafka producer without a record or heartbeat on a partition."""
    private_stream_s: PositiveFloat = 150.0
    """A private venue stream since its last agreement with REST."""
    price_ahead_s: PositiveFloat = 5.0
    """A price dated further ahead of our clock is refused."""


class InboxSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The bounded queue in front of the engine."""

    high_water_prices: PositiveInt = 50_000
    """Waiting prices from which on prices coalesce per driver into first, low, high and last."""
    events: PositiveInt = 20_000
    """Waiting events at which their readers have to wait."""


class StateSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is kept on disk."""

    folder: str = "state"
    """Snapshots, recordings and alert state; relative to the working directory."""
    snapshot_interval_s: PositiveFloat = 30.0
    """Time between two snapshots; the two newest are kept."""
    record: bool = True
    """Write every input to a recording that `marginwatch replay` reads."""
    recording_flush_s: PositiveFloat = 0.5
    """Longest time that an input waits in memory before it is written to the recording."""
    recordings_kept: PositiveInt = 5
    """Recordings kept; each start begins a new one and removes the oldest beyond this number."""


class TableSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Risk tables from files. Venues and Kafka give theirs by themselves; the package ships none."""

    files: list[str] = []
    """JSON files, each a list of table schedules as on the Kafka topic of risk parameters."""
    class_weights_file: str | None = None
    """TOML file of class weights in place of the shipped policy."""


class LogSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The structured log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is written."""
    format: Literal["text", "json"] = "text"
    """`text` for people at a terminal, `json` one object a line for collectors."""


class VenueSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Direct connections to venues."""

    binance_usdm: BinanceSettings | None = None
    """Binance USD-M futures."""


class Config(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole configuration. Every section has working defaults; at least one of `venues` and `kafka` must be given."""

    default_profile: str = "desk"
    """Profile of accounts that name none: `desk`, `client`, or one of `profiles`."""
    profiles: dict[str, ProfileSettings] = {}
    """Profiles beside the shipped `desk` and `client`, or in their place."""
    limits: LimitSettings = LimitSettings()
    """Ages at which inputs are stale."""
    inbox: InboxSettings = InboxSettings()
    """The queue in front of the engine."""
    state: StateSettings = StateSettings()
    """Snapshots and recordings."""
    tables: TableSettings = TableSettings()
    """Risk tables from files."""
    http: HttpSettings = HttpSettings()
    """The listener of board, API and metrics."""
    log: LogSettings = LogSettings()
    """The log."""
    venues: VenueSettings = VenueSettings()
    """Direct connections to venues."""
    kafka: KafkaSettings | None = None
    """Input and output by Kafka."""
    alerting: AlertingSettings = AlertingSettings()
    """What is alerted and how it is named."""
    notify: NotifySettings = NotifySettings()
    """Who is told of alerts."""


def load_config(path: Path) -> Config:
    """Read and validate a file; raises `BadConfiguration` with the key, the value and the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfiguration(error.strerror or str(error), field="--config", value=str(path)) from error
    return parse_config(text, str(path))


def parse_config(text: str, source: str) -> Config:
    """Validate a TOML text as a whole; decimals are taken from their source text, never through float."""
    try:
        plain = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"not a TOML file: {error}", source=source) from error
    for key, nearest in unknown_keys(plain, Config):
        hint = f", did you mean {nearest!r}?" if nearest else ""
        raise BadConfiguration(f"unknown key{hint}", field=key, value=_value_at(plain, key), source=source)
    try:
        config = msgspec.convert(plain, Config)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        raise BadConfiguration(reason, field=field, value=_value_at(plain, field), source=source) from error
    if config.kafka is None and config.venues.binance_usdm is None:
        raise BadConfiguration("nothing to watch: give [venues.binance_usdm], [kafka] or both", source=source)
    engine_settings(config, source)
    return config


def engine_settings(config: Config, source: str = "configuration") -> EngineSettings:
    """What the engine is told; raises `BadConfiguration` when a profile contradicts itself or is not there."""
    profiles = {"desk": DESK, "client": CLIENT}
    for name, settings in config.profiles.items():
        try:
            profiles[name] = _profile(name, settings)
        except ValueError as error:
            raise BadConfiguration(str(error), field=f"profiles.{name}", source=source) from error
    limits = config.limits
    seconds = {
        DriverKind.MARK: limits.mark_s,
        DriverKind.INDEX: limits.mark_s,
        DriverKind.ASSET_INDEX: limits.asset_index_s,
        DriverKind.ASSET_BID: limits.asset_index_s,
        DriverKind.ASSET_ASK: limits.asset_index_s,
    }
    streams = [] if config.venues.binance_usdm is None else [f"{config.venues.binance_usdm.name}:stream"]
    try:
        return EngineSettings(
            profiles=profiles,
            default_profile=config.default_profile,
            driver_limits_ns={kind: int(limit * SECOND_NS) for kind, limit in seconds.items()},
            kafka_limit_ns=int(limits.kafka_source_s * SECOND_NS),
            stream_limit_ns=int(limits.private_stream_s * SECOND_NS),
            ahead_limit_ns=int(limits.price_ahead_s * SECOND_NS),
            stream_sources=frozenset(streams),
        )
    except ValueError as error:
        raise BadConfiguration(str(error), field="default_profile", value=config.default_profile, source=source) from error


def config_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration."""
    return msgspec.json.schema(Config)


def config_to_plain(config: Config) -> dict[str, Any]:
    """The effective configuration as JSON-able data. It holds no secrets, only the names of where they are."""
    plain: dict[str, Any] = msgspec.to_builtins(config)
    return plain


def config_from_plain(plain: dict[str, Any]) -> Config:
    """The configuration that `config_to_plain` wrote."""
    return msgspec.convert(plain, Config)


def _profile(name: str, settings: ProfileSettings) -> Profile:
    cross = _switch_set(settings)
    return Profile(name, cross, cross if settings.isolated is None else _switch_set(settings.isolated))


def _switch_set(settings: SwitchSetSettings) -> SwitchSet:
    return SwitchSet(
        notice=_switch(settings.notice),
        warning=_switch(settings.warning),
        critical=_switch(settings.critical),
        liquidation=_switch(settings.liquidation),
    )


def _switch(settings: SwitchSettings) -> Switch:
    return Switch(_band(settings.ratio), _band(settings.buffer))


def _band(settings: BandSettings | None) -> Band | None:
    return None if settings is None else Band(settings.enter, settings.leave)


def _value_at(plain: Any, path: str) -> Any:
    value = plain
    for step in path.replace("]", "").replace("[", ".").split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
    return None if isinstance(value, (dict, list)) else value
