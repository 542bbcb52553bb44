"""What a person reads beside the labels: figures, reason, ages, worst position, links. Made when an alert is sent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from monitor.alerting.settings import AlertingSettings
from monitor.domain.alert import Alert, AlertName, AlertReason, BlindCause, Notification

MOST_NAMED = 5
MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDescription:
    """A pool as it stands when its alert is sent, each text ready to read; None where it is not known."""

    level: str
    certainty: str
    certainty_reasons: tuple[str, ...] = ()
    margin_ratio: str | None = None
    buffer_ratio: str | None = None
    headroom: str | None = None
    headroom_usd: str | None = None
    collateral_value: str | None = None
    maintenance_margin: str | None = None
    margin_currency: str | None = None
    oldest_price_age_s: float | None = None
    account_age_s: float | None = None
    worst_position: str | None = None
    entity: str | None = None
    as_of_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindDescription:
    """What is blind at a venue for one cause: how many accounts and pools hold it, and their last known equity in USD.

    `equity_usd` is None when none was ever known; `is_partial` when not all of it is known.
    """

    subjects: tuple[str, ...]
    accounts: int
    equity_usd: float | None
    is_partial: bool


DescribePool = Callable[[str], PoolDescription | None]
DescribeBlind = Callable[[str, BlindCause], BlindDescription]

_REASONS = {
    AlertReason.SWITCH_ON: "a boundary of this level was reached",
    AlertReason.SWITCH_OFF: "condition cleared: the pool is back inside this level's exit boundaries",
    AlertReason.ACCOUNT_REMOVED: "condition cleared: the account was removed and is no longer watched",
    AlertReason.POOL_CLOSED: "condition cleared: the pool was closed",
    AlertReason.LABELS_CHANGED: "the alert goes on under other labels",
    AlertReason.FOUND_ON_AFTER_START: "found at this level after a start of the daemon",
    AlertReason.FOUND_OFF_AFTER_START: "condition cleared while the daemon was down, confirmed by prices and account since",
    AlertReason.INPUTS_LOST: "pools cannot be seen: their levels are held, never lowered",
    AlertReason.WATCHED_POOL_LOST: "a pool at WARNING or worse cannot be seen any more",
    AlertReason.INPUTS_BACK: "condition cleared: everything can be seen again",
    AlertReason.WATCHED_POOLS_BACK: "condition cleared: every pool at WARNING or worse can be seen again",
    AlertReason.NOT_HELD_HERE: "left over from an earlier run; not on after catching up",
    AlertReason.TEST: "a test of the paging chain: nothing is wrong",
}


class Annotator:
    """Makes annotations. The state of the book is read when they are made; no annotation is empty.

    An alert is told again every minute: what it said of its worst position is remembered then, since that alone needs a
    whole report of the pool.
    """

    def __init__(
        self,
        settings: AlertingSettings,
        describe_pool: DescribePool,
        describe_blind: DescribeBlind,
        worst_position: Callable[[str], str | None],
    ) -> None:
        self._settings = settings
        self._describe_pool = describe_pool
        self._describe_blind = describe_blind
        self._worst_position = worst_position
        self._worst: OrderedDict[tuple[str, int], str | None] = OrderedDict()

    def __call__(self, notification: Notification) -> dict[str, str]:
        """The annotations of one state of an alert."""
        alert = notification.alert
        found: dict[str, str | None] = {
            "reason": _REASONS[alert.reason],
            "board_url": self._settings.board_url,
            "runbook_url": f"{self._settings.runbook_url}#{alert.labels['alertname'].lower()}",
            "decided_seq": str(alert.seq) if alert.seq else None,
        }
        if alert.name is AlertName.BLIND:
            found |= self._of_blind(alert)
        elif alert.pool is not None:
            found |= self._of_pool(alert, alert.pool)
        return {name: text for name, text in found.items() if text}

    # ---- pools

    def _of_pool(self, alert: Alert, pool: str) -> dict[str, str | None]:
        base = self._settings.board_url.rstrip("/")
        now = self._describe_pool(pool)
        decided = {f"decided_{name}": text for name, text in alert.figures.items()}
        state = "is at" if alert.is_firing else "left"
        found: dict[str, str | None] = {
            "summary": f"{pool} {state} {alert.labels.get('level', '').upper()}",
            "pool_url": f"{base}/api/v1/pools/{quote(pool, safe='')}",
            **decided,
        }
        if now is None:
            return found
        found |= {
            "summary": f"{found['summary']}{_outlook(now)}",
            "level_now": now.level,
            "certainty": now.certainty,
            "certainty_reasons": "; ".join(now.certainty_reasons[:MOST_NAMED]),
            "margin_ratio": now.margin_ratio,
            "buffer_ratio": now.buffer_ratio,
            "headroom": _amount(now.headroom, now.margin_currency),
            "headroom_usd": now.headroom_usd,
            "collateral_value": _amount(now.collateral_value, now.margin_currency),
            "maintenance_margin": _amount(now.maintenance_margin, now.margin_currency),
            "oldest_price_age_s": _age(now.oldest_price_age_s),
            "account_age_s": _age(now.account_age_s),
            "worst_position": self._worst_of(alert, pool),
            "entity": now.entity,
            "as_of_ns": str(now.as_of_ns),
        }
        found["description"] = _description(found, now)
        return found

    def _worst_of(self, alert: Alert, pool: str) -> str | None:
        key = (pool, alert.seq)
        if key not in self._worst:
            self._worst[key] = self._worst_position(pool)
            if len(self._worst) > MOST_REMEMBERED:
                self._worst.popitem(last=False)
        return self._worst[key]

    # ---- blindness

    def _of_blind(self, alert: Alert) -> dict[str, str | None]:
        venue, cause = alert.labels["venue"], BlindCause(alert.labels["cause"])
        if cause is BlindCause.CATCHING_UP:
            return {"summary": "the daemon still catches up with its inputs: WARNING and below are held back"}
        now = self._describe_blind(venue, cause)
        named = ", ".join(now.subjects[:MOST_NAMED])
        more = len(now.subjects) - MOST_NAMED
        equity = None
        if now.equity_usd is not None:
            equity = f"{'at least ' if now.is_partial else ''}{now.equity_usd:,.0f} USD (last known)"
        return {
            "summary": f"{venue}: {now.accounts} accounts cannot be seen ({cause.value})"
            if alert.is_firing
            else f"{venue}: seen again ({cause.value})",
            "subjects": f"{named}, {more} more" if more > 0 else named,
            "subject_count": str(len(now.subjects)),
            "account_count": str(now.accounts),
            "equity": equity or "not known",
        }


def _outlook(now: PoolDescription) -> str:
    """The figures that matter first, in one breath."""
    figures = []
    if now.buffer_ratio is not None:
        figures.append(f"buffer {now.buffer_ratio}")
    if now.margin_ratio is not None:
        figures.append(f"margin ratio {now.margin_ratio}")
    if now.headroom_usd is not None:
        figures.append(f"headroom {now.headroom_usd} USD")
    if now.certainty != "fresh":
        figures.append(now.certainty.upper())
    return f": {', '.join(figures)}" if figures else ""


def _description(found: dict[str, str | None], now: PoolDescription) -> str:
    """The rest in a few sentences, for a chat."""
    sentences = [f"Level now {now.level}, {now.certainty}"]
    if now.certainty_reasons:
        sentences[-1] += f" ({'; '.join(now.certainty_reasons[:MOST_NAMED])})"
    if found["headroom"] is not None:
        sentences.append(f"Headroom {found['headroom']} of {found['collateral_value']} collateral value")
    if found["worst_position"] is not None:
        sentences.append(f"Worst position: {found['worst_position']}")
    if now.oldest_price_age_s is not None:
        sentences.append(f"Oldest price {now.oldest_price_age_s:.1f} s")
    return ". ".join(sentences) + "."


def _amount(text: str | None, currency: str | None) -> str | None:
    return text if text is None or currency is None else f"{text} {currency}"


def _age(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.1f}"
