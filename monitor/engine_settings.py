"""What the engine is told at its start: threshold profiles and age limits. Part of every recording's header."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.ids import DriverKind
from monitor.domain.profile import CLIENT, DESK, Profile

SECOND_NS = 1_000_000_000


def _default_limits() -> dict[DriverKind, int]:
    return {
        DriverKind.MARK: 5 * SECOND_NS,
        DriverKind.INDEX: 5 * SECOND_NS,
        DriverKind.ASSET_INDEX: 10 * SECOND_NS,
        DriverKind.ASSET_BID: 10 * SECOND_NS,
        DriverKind.ASSET_ASK: 10 * SECOND_NS,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Settings that decide levels and certainty; the same recording under the same settings gives the same decisions.

    Limits are ages in ns (contract 3). `stream_sources` names the sources that are private venue streams: their accounts
    go STALE when the last REST agreement is older than `stream_limit_ns`; every other source is a Kafka producer that owes a
    record or a heartbeat per partition within `kafka_limit_ns`.
    """

    profiles: dict[str, Profile] = field(default_factory=lambda: {"desk": DESK, "client": CLIENT})
    default_profile: str = "desk"
    driver_limits_ns: dict[DriverKind, int] = field(default_factory=_default_limits)
    other_driver_limit_ns: int = 5 * SECOND_NS
    kafka_limit_ns: int = 6 * SECOND_NS
    stream_limit_ns: int = 150 * SECOND_NS
    stream_sources: frozenset[str] = frozenset()
    ahead_limit_ns: int = 5 * SECOND_NS
    agreement_grace_ns: int = 2 * SECOND_NS
    isolated_wait_ns: int = 3 * SECOND_NS

    def __post_init__(self) -> None:
        if self.default_profile not in self.profiles:
            raise ValueError(f"default_profile {self.default_profile!r} is not among the profiles")

    def driver_limit_ns(self, kind: DriverKind) -> int:
        """The age at which a driver of this kind is STALE."""
        return self.driver_limits_ns.get(kind, self.other_driver_limit_ns)
