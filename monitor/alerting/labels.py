"""How alerts are named: labels, ids and severities (contract 7)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from monitor.domain.alert import AlertName, BlindCause, Severity
from monitor.domain.ids import account_of, venue_of
from monitor.domain.level import Level, level_label

ALERT_LEVELS: tuple[Level, ...] = (Level.LIQUIDATION, Level.CRITICAL, Level.WARNING)
"""The switches that alert, the gravest first: it is told before those that it mutes."""

SEVERITY = {Level.WARNING: Severity.WARNING, Level.CRITICAL: Severity.CRITICAL, Level.LIQUIDATION: Severity.CRITICAL}

NO_OWNER = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertContext:
    """What an account says about who is told: venue, owner, entity. An owner that is not known is `none`, never empty."""

    venue: str
    owner: str = NO_OWNER
    entity: str | None = None


def pool_labels(instance_group: str, pool: str, level: Level, context: AlertContext | None) -> dict[str, str]:
    """The labels of the alert of one switch of one pool; an account that is not known has no owner."""
    context = context or AlertContext(venue=venue_of(pool))
    return {
        "alertname": AlertName.POOL.value,
        "venue": context.venue,
        "account": account_of(pool),
        "pool": pool,
        "level": level_label(level),
        "severity": SEVERITY[level].value,
        "owner": context.owner or NO_OWNER,
        "instance_group": instance_group,
    }


def blind_labels(instance_group: str, venue: str, cause: BlindCause, severity: Severity) -> dict[str, str]:
    """The labels of the alert that a venue's pools cannot be seen."""
    return {
        "alertname": AlertName.BLIND.value,
        "venue": venue,
        "cause": cause.value,
        "severity": severity.value,
        "instance_group": instance_group,
    }


def alert_id(*parts: str) -> str:
    """A hash of what an alert is about, the same in every process."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]
