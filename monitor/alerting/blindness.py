"""Blindness: pools that cannot be seen are told once per (venue, cause), never pool by pool (contract 7).

    what                                               blind when it lasts longer than
    a driver that pools hold went STALE                `stale_grace_s`
    an account went STALE, or UNKNOWN after it was known   `stale_grace_s`
    an account is RECONCILING                          `reconciling_grace_s`: a reconnect is shorter
    an account never opened, a pool without table or first price   `opening_grace_s`

It lasts until the subject is LIVE, FRESH or UNVERIFIED again: STALE that turns into RECONCILING is still blind. Each is
raised at warning; a critical one is added while a pool at WARNING or worse is blind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitor.alerting.decision import AlertDecision, alert_from_plain, alert_to_plain, ended
from monitor.alerting.labels import alert_id, blind_labels
from monitor.alerting.settings import AlertingSettings
from monitor.alerting.view import AlertView
from monitor.domain.alert import Alert, AlertName, AlertReason, BlindCause, Severity
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.effects import CertaintyChanged, CertaintySubject
from monitor.domain.ids import account_of, venue_of

SECOND_NS = 1_000_000_000

CENSUS_INTERVAL_NS = 10 * SECOND_NS
"""Time between two looks for accounts and pools of which no effect tells."""

EVERY_VENUE = "all"

Place = tuple[str, BlindCause]
Key = tuple[str, BlindCause, Severity]


class Blindness:
    """What cannot be seen, since when, and the alerts of it."""

    def __init__(self, settings: AlertingSettings, view: AlertView) -> None:
        self._group = settings.instance_group
        self._view = view
        self._stale_ns = round(settings.stale_grace_s * SECOND_NS)
        self._reconciling_ns = round(settings.reconciling_grace_s * SECOND_NS)
        self._opening_ns = round(settings.opening_grace_s * SECOND_NS)
        self._due_ns: dict[tuple[BlindCause, str], int] = {}
        self._unopened: set[tuple[BlindCause, str]] = set()
        self._census_ns = 0
        self._open: dict[Key, Alert] = {}
        self._subjects: dict[Place, list[str]] = {}

    def __iter__(self) -> Iterator[Alert]:
        """The open alerts."""
        return iter(self._open.values())

    def subjects(self, venue: str, cause: BlindCause) -> list[str]:
        """What is blind there: drivers, accounts or pools."""
        return list(self._subjects.get((venue, cause), ()))

    # ---- inputs

    def on_certainty(self, change: CertaintyChanged) -> None:
        """Note what became better or worse known; whether it is told is decided by the clock."""
        is_driver = change.kind is CertaintySubject.DRIVER
        cause = BlindCause.PRICE if is_driver else BlindCause.ACCOUNT
        certainty = change.new.certainty if isinstance(change.new, DriverState) else change.new
        self._note(cause, change.subject, certainty, change.engine_ns)

    def resume(self, now_ns: int) -> None:
        """After a start: what the book says is doubtful counts, and nothing else does."""
        doubtful = list(self._view.doubtful())
        known = {(cause, subject) for cause, subject, _certainty in doubtful}
        for key in [key for key in self._due_ns if key not in known and key not in self._unopened]:
            del self._due_ns[key]
        for cause, subject, certainty in doubtful:
            self._note(cause, subject, certainty, now_ns)

    def on_clock(self, now_ns: int, seq: int, open_pools: list[str]) -> list[AlertDecision]:
        """What is due: raised or ended; `open_pools` are those at WARNING or worse."""
        if now_ns >= self._census_ns:
            self._census_ns = now_ns + CENSUS_INTERVAL_NS
            self._take_census(now_ns)
        if not self._due_ns and not self._open:
            return []
        self._subjects = self._blind_now(now_ns)
        wanted = {(venue, cause, Severity.WARNING) for venue, cause in self._subjects}
        wanted |= {(venue, cause, Severity.CRITICAL) for venue, cause in self._lost_pools(open_pools)}
        wanted |= {key for key in self._open if key[1] is BlindCause.CATCHING_UP}
        return self._bring_to(wanted, now_ns, seq)

    def on_catching_up(self, *, is_late: bool, now_ns: int, seq: int) -> list[AlertDecision]:
        """The catch-up takes too long, or is over."""
        key = (EVERY_VENUE, BlindCause.CATCHING_UP, Severity.WARNING)
        others = {other for other in self._open if other != key}
        return self._bring_to(others | {key} if is_late else others, now_ns, seq)

    # ---- state out and in

    def state(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "census_ns": self._census_ns,
            "due": [[cause.value, subject, due_ns] for (cause, subject), due_ns in self._due_ns.items()],
            "unopened": sorted([cause.value, subject] for cause, subject in self._unopened),
            "alerts": [alert_to_plain(alert) for alert in self],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take what `state` wrote."""
        self._census_ns = state["census_ns"]
        self._due_ns = {(BlindCause(cause), subject): due_ns for cause, subject, due_ns in state["due"]}
        self._unopened = {(BlindCause(cause), subject) for cause, subject in state["unopened"]}
        for plain in state["alerts"]:
            alert = alert_from_plain(plain)
            key = (alert.labels["venue"], BlindCause(alert.labels["cause"]), Severity(alert.labels["severity"]))
            self._open[key] = alert

    # ---- parts

    def _note(self, cause: BlindCause, subject: str, certainty: Certainty, now_ns: int) -> None:
        key = (cause, subject)
        self._unopened.discard(key)
        if certainty.may_release:
            self._due_ns.pop(key, None)
            return
        grace_ns = self._reconciling_ns if certainty is Certainty.RECONCILING else self._stale_ns
        due_ns = now_ns + grace_ns
        # Worse news makes it due sooner, better news that is not good enough never later.
        self._due_ns[key] = min(self._due_ns.get(key, due_ns), due_ns)

    def _take_census(self, now_ns: int) -> None:
        """Look for what never came: no effect tells of an account that was never opened or a table never seen."""
        found = {(cause, subject) for cause, subject, _certainty in self._view.unopened()}
        for key in self._unopened - found:
            self._due_ns.pop(key, None)
        for key in found - self._due_ns.keys():
            self._due_ns[key] = now_ns + self._opening_ns
            self._unopened.add(key)
        self._unopened &= found

    def _blind_now(self, now_ns: int) -> dict[Place, list[str]]:
        blind: dict[Place, list[str]] = {}
        for (cause, subject), due_ns in list(self._due_ns.items()):
            if cause is BlindCause.ACCOUNT and self._is_gone(subject):
                del self._due_ns[cause, subject]
            elif due_ns <= now_ns and self._concerns_a_pool(cause, subject):
                blind.setdefault((_venue_of(cause, subject), cause), []).append(subject)
        return blind

    def _is_gone(self, account: str) -> bool:
        return (BlindCause.ACCOUNT, account) not in self._unopened and not self._view.is_watched(account)

    def _concerns_a_pool(self, cause: BlindCause, subject: str) -> bool:
        if cause is not BlindCause.PRICE or (cause, subject) in self._unopened:
            return True
        return self._view.holders(subject) > 0

    def _lost_pools(self, open_pools: list[str]) -> set[Place]:
        """Where a pool at WARNING or worse is blind."""
        if not self._subjects:
            return set()
        accounts = {
            account for (_venue, cause), found in self._subjects.items() if cause is BlindCause.ACCOUNT for account in found
        }
        lost: set[Place] = set()
        for pool in open_pools:
            venue = venue_of(pool)
            if account_of(pool) in accounts:
                lost.add((venue, BlindCause.ACCOUNT))
                continue
            outlook = self._view.outlook(pool)
            if outlook is not None and outlook.certainty >= Certainty.STALE:
                lost |= {(venue, BlindCause.PRICE), (venue, BlindCause.TABLE)} & self._subjects.keys()
        return lost

    def _bring_to(self, wanted: set[Key], now_ns: int, seq: int) -> list[AlertDecision]:
        decisions: list[AlertDecision] = []
        for key in sorted(wanted - self._open.keys(), key=_by_name):
            self._open[key] = self._alert(key, now_ns, seq)
            decisions.append(AlertDecision(alert=self._open[key]))
        for key in sorted(self._open.keys() - wanted, key=_by_name):
            place_is_blind = (key[0], key[1], Severity.WARNING) in wanted
            reason = AlertReason.WATCHED_POOLS_BACK if place_is_blind else AlertReason.INPUTS_BACK
            decisions.append(AlertDecision(alert=ended(self._open.pop(key), reason, now_ns, seq)))
        return decisions

    def _alert(self, key: Key, now_ns: int, seq: int) -> Alert:
        venue, cause, severity = key
        is_critical = severity is Severity.CRITICAL
        return Alert(
            alert_id=alert_id(self._group, venue, cause.value, severity.value),
            name=AlertName.BLIND,
            labels=blind_labels(self._group, venue, cause, severity),
            started_ns=now_ns,
            reason=AlertReason.WATCHED_POOL_LOST if is_critical else AlertReason.INPUTS_LOST,
            seq=seq,
        )


def _venue_of(cause: BlindCause, subject: str) -> str:
    """The venue of a driver (`mark/venue:SYMBOL`), an account or a pool."""
    is_driver = cause is BlindCause.PRICE and "/" in subject.partition(":")[0]
    return venue_of(subject.partition("/")[2] if is_driver else subject)


def _by_name(key: Key) -> tuple[str, str, str]:
    venue, cause, severity = key
    return venue, cause.value, severity.value
