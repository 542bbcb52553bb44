"""What the overview dashboard shows, as data: rows of panels with their queries, in the order in which one reads them.

`docs/metrics.md` explains each metric. A panel that is empty in a healthy system says so in its description.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

ALL = 'job="marginwatch", instance=~"$instance"'
BY_VENUE = f'{ALL}, venue=~"$venue"'

LEVEL_COLORS = {
    "liquidation": "dark-red",
    "critical": "red",
    "warning": "orange",
    "notice": "yellow",
    "ok": "green",
    "none": "text",
}
"""The same colour for a level wherever it is drawn; `none` = never valued."""

CERTAINTY_COLORS = {"unverified": "blue", "reconciling": "yellow", "stale": "orange", "unknown": "red"}


class Kind(Enum):
    """How a panel is drawn."""

    STAT = "stat"
    TIME_SERIES = "timeseries"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression; `legend` names its series."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpec:
    """One panel. `thresholds` are (from this value on, colour), rising; `span` is of 24 columns."""

    title: str
    description: str
    queries: tuple[Query, ...]
    kind: Kind = Kind.TIME_SERIES
    unit: str = "short"
    span: int = 8
    height: int = 7
    thresholds: tuple[tuple[float, str], ...] = ()
    colors: dict[str, str] = field(default_factory=dict)
    stacked: bool = False
    columns: tuple[str, ...] = ()
    """Names of the value columns of a table, one a query."""


def _level_stat(level: str, color: str, description: str) -> PanelSpec:
    return PanelSpec(
        title=level.upper(),
        description=description,
        queries=(Query(f'sum(marginwatch_pools{{{BY_VENUE}, level="{level}"}})', level),),
        kind=Kind.STAT,
        span=3,
        height=4,
        thresholds=((1, color),),
    )


def _quantile(share: float, histogram: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{{{ALL}}}[$__rate_interval])))"


_WATCHED = ((0.0, "red"), (0.5, "orange"), (0.95, "green"))
_MUST_STAY_ZERO = ((1e-9, "red"),)

NOW = (
    _level_stat("liquidation", "dark-red", "Pools at or beyond the venue's own trigger."),
    _level_stat("critical", "red", "Pools at CRITICAL: a person is woken for each."),
    _level_stat("warning", "orange", "Pools at WARNING: the desk is told."),
    _level_stat("notice", "yellow", "Pools at NOTICE: shown here only."),
    PanelSpec(
        title="Equity watched",
        description="Equity of accounts with fresh figures over that of all accounts; 0 when nothing is known.",
        queries=(Query(f"min(marginwatch_equity_watched_ratio{{{ALL}}})", "equity"),),
        kind=Kind.STAT,
        unit="percentunit",
        span=3,
        height=4,
        thresholds=_WATCHED,
    ),
    PanelSpec(
        title="Accounts watched",
        description="Accounts with fresh figures over all accounts; 0 when there are none.",
        queries=(Query(f"min(marginwatch_accounts_watched_ratio{{{ALL}}})", "accounts"),),
        kind=Kind.STAT,
        unit="percentunit",
        span=3,
        height=4,
        thresholds=_WATCHED,
    ),
    PanelSpec(
        title="Oldest price held",
        description="Age of the oldest price that a pool holds, by engine time.",
        queries=(Query(f"max(marginwatch_driver_age_seconds{{{BY_VENUE}}})", "age"),),
        kind=Kind.STAT,
        unit="s",
        span=3,
        height=4,
        thresholds=((0.0, "green"), (5.0, "orange"), (15.0, "red")),
    ),
    PanelSpec(
        title="Instances up",
        description="Instances that Prometheus can read. 0: nobody is watching.",
        queries=(Query('count(up{job="marginwatch"} == 1) or vector(0)', "up"),),
        kind=Kind.STAT,
        span=3,
        height=4,
        thresholds=((0.0, "red"), (1.0, "green")),
    ),
)

RISK = (
    PanelSpec(
        title="Pools by level",
        description="Pools at NOTICE or worse, and those never valued (none).",
        queries=(Query(f'sum by (level) (marginwatch_pools{{{BY_VENUE}, level!="ok"}})', "{{level}}"),),
        span=12,
        height=8,
        colors=LEVEL_COLORS,
        stacked=True,
    ),
    PanelSpec(
        title="Level changes",
        description="Changes of level per second, by the level that was reached.",
        queries=(Query(f"sum by (to) (rate(marginwatch_level_changes_total{{{BY_VENUE}}}[$__rate_interval]))", "{{to}}"),),
        unit="cps",
        span=12,
        height=8,
        colors=LEVEL_COLORS,
    ),
    PanelSpec(
        title="Worst pools",
        description="The 25 pools with the least buffer: the joint adverse move, in units of BTC, that eats the headroom. "
        "A pool name links to its figures in the API. Figures that are not known are left empty.",
        queries=(
            Query(f"bottomk(25, marginwatch_pool_buffer_ratio{{{BY_VENUE}}})"),
            Query(
                f"marginwatch_pool_margin_ratio{{{BY_VENUE}}} and on (instance, pool) "
                f"bottomk(25, marginwatch_pool_buffer_ratio{{{BY_VENUE}}})"
            ),
            Query(
                f"marginwatch_pool_headroom_usd{{{BY_VENUE}}} and on (instance, pool) "
                f"bottomk(25, marginwatch_pool_buffer_ratio{{{BY_VENUE}}})"
            ),
        ),
        kind=Kind.TABLE,
        span=14,
        height=11,
        columns=("Buffer", "Margin ratio", "Headroom USD"),
    ),
    PanelSpec(
        title="Rules that fire",
        description="Alerting rules pending or firing in Prometheus, without the watchdog. Empty when all is well.",
        queries=(Query('ALERTS{alertname=~"Marginwatch.+", alertname!="MarginwatchWatchdog"}'),),
        kind=Kind.TABLE,
        span=10,
        height=11,
        columns=("Value",),
    ),
)

SIGHT = (
    PanelSpec(
        title="Pools that are not FRESH",
        description="Pools by certainty: how well their figures are known. Losing an input never lowers a level.",
        queries=(Query(f"sum by (certainty) (marginwatch_pools_uncertain{{{BY_VENUE}}})", "{{certainty}}"),),
        colors=CERTAINTY_COLORS,
        stacked=True,
    ),
    PanelSpec(
        title="Oldest price by venue",
        description="Age of the oldest price that a pool holds. Mark prices count as stale after 5 s.",
        queries=(Query(f"max by (venue) (marginwatch_driver_age_seconds{{{BY_VENUE}}})", "{{venue}}"),),
        unit="s",
    ),
    PanelSpec(
        title="Watched",
        description="Share of accounts and of equity whose figures are fresh.",
        queries=(
            Query(f"min(marginwatch_accounts_watched_ratio{{{ALL}}})", "accounts"),
            Query(f"min(marginwatch_equity_watched_ratio{{{ALL}}})", "equity"),
        ),
        unit="percentunit",
    ),
    PanelSpec(
        title="Ours and the venue's figures",
        description="Largest residual of the worst pools between our figures and those that the venue reports, as a share of "
        "the figure. Empty where the venue reported none.",
        queries=(Query(f"max by (venue) (marginwatch_pool_venue_residual_ratio{{{BY_VENUE}}})", "{{venue}}"),),
        unit="percentunit",
    ),
    PanelSpec(
        title="Input refused",
        description="Records and messages refused and set aside, per second, by source and reason. Empty when none ever was.",
        queries=(
            Query(
                f"sum by (source, reason) (rate(marginwatch_records_refused_total{{{ALL}}}[$__rate_interval]))",
                "{{source}}: {{reason}}",
            ),
        ),
        unit="cps",
    ),
    PanelSpec(
        title="Prices not taken as they came",
        description="Per second: late = older than the last of their driver; ahead = dated too far in the future, refused; "
        "coalesced = merged in a full inbox, extremes kept; negative ages were read as 0.",
        queries=(
            Query(f"sum(rate(marginwatch_prices_late_total{{{ALL}}}[$__rate_interval]))", "late"),
            Query(f"sum(rate(marginwatch_prices_ahead_total{{{ALL}}}[$__rate_interval]))", "ahead"),
            Query(f"sum(rate(marginwatch_prices_coalesced_total{{{ALL}}}[$__rate_interval]))", "coalesced"),
            Query(f"sum(rate(marginwatch_negative_ages_total{{{ALL}}}[$__rate_interval]))", "negative age"),
        ),
        unit="cps",
    ),
    PanelSpec(
        title="Events seen before",
        description="Account events that came twice and were applied once, per second.",
        queries=(Query(f"sum(rate(marginwatch_events_duplicate_total{{{ALL}}}[$__rate_interval]))", "duplicates"),),
        unit="cps",
    ),
)

WORK = (
    PanelSpec(
        title="Ticks",
        description="Prices that the engine took in, per second.",
        queries=(Query(f"sum by (venue) (rate(marginwatch_ticks_total{{{BY_VENUE}}}[$__rate_interval]))", "{{venue}}"),),
        unit="cps",
    ),
    PanelSpec(
        title="Account events",
        description="Fills, balances, account states and the like, per second.",
        queries=(Query(f"sum by (kind) (rate(marginwatch_account_events_total{{{BY_VENUE}}}[$__rate_interval]))", "{{kind}}"),),
        unit="cps",
    ),
    PanelSpec(
        title="From receipt to decision",
        description="From the receipt of an input to its levels being decided.",
        queries=(
            Query(_quantile(0.5, "marginwatch_receive_to_decided_seconds"), "p50"),
            Query(_quantile(0.99, "marginwatch_receive_to_decided_seconds"), "p99"),
        ),
        unit="s",
    ),
    PanelSpec(
        title="Inbox",
        description="Inputs waiting for the engine.",
        queries=(Query(f"max by (instance) (marginwatch_inbox_depth{{{ALL}}})", "{{instance}}"),),
    ),
    PanelSpec(
        title="Decided by the reference",
        description="Levels decided by the exact reference inside the float error band, per second.",
        queries=(Query(f"sum(rate(marginwatch_reference_decisions_total{{{ALL}}}[$__rate_interval]))", "decisions"),),
        unit="cps",
    ),
    PanelSpec(
        title="Audit disagreements",
        description="Pools whose columns disagreed with the reference. Must stay 0.",
        queries=(Query(f"sum(marginwatch_audit_disagreements_total{{{ALL}}})", "disagreements"),),
        kind=Kind.STAT,
        span=4,
        thresholds=_MUST_STAY_ZERO,
    ),
    PanelSpec(
        title="Pools without series",
        description="Pools that have no per-pool series; the worst have one.",
        queries=(Query(f"sum(marginwatch_pools_truncated{{{ALL}}})", "pools"),),
        kind=Kind.STAT,
        span=4,
    ),
)

DELIVERY = (
    PanelSpec(
        title="Notifications by outcome",
        description="Notifications handed to a sink, per second. Empty until the first one.",
        queries=(
            Query(
                f"sum by (sink, outcome) (rate(marginwatch_alerts_sent_total{{{ALL}}}[$__rate_interval]))",
                "{{sink}} {{outcome}}",
            ),
        ),
        unit="cps",
    ),
    PanelSpec(
        title="From decision to delivery",
        description="From a level decided to its notification accepted by a sink. Empty while nothing is sent.",
        queries=(
            Query(_quantile(0.5, "marginwatch_decided_to_delivered_seconds"), "p50"),
            Query(_quantile(0.99, "marginwatch_decided_to_delivered_seconds"), "p99"),
        ),
        unit="s",
    ),
    PanelSpec(
        title="Browsers on the live stream",
        description="Readers of the board's stream, and messages per second dropped for a newer one because a reader was slow.",
        queries=(
            Query(f"sum(marginwatch_stream_readers{{{ALL}}})", "readers"),
            Query(f"sum(rate(marginwatch_stream_messages_dropped_total{{{ALL}}}[$__rate_interval]))", "dropped per second"),
        ),
    ),
)

PROCESS = (
    PanelSpec(
        title="Processor",
        description="Processor time per second; the engine is one thread, so 1 is its limit.",
        queries=(Query(f"rate(process_cpu_seconds_total{{{ALL}}}[$__rate_interval])", "{{instance}}"),),
    ),
    PanelSpec(
        title="Memory",
        description="Resident memory.",
        queries=(Query(f"process_resident_memory_bytes{{{ALL}}}", "{{instance}}"),),
        unit="bytes",
    ),
    PanelSpec(
        title="Builds",
        description="Version of each instance.",
        queries=(Query(f"marginwatch_build_info{{{ALL}}}"),),
        kind=Kind.TABLE,
        columns=("Up",),
    ),
)

ROWS: tuple[tuple[str, tuple[PanelSpec, ...]], ...] = (
    ("Now", NOW),
    ("How near", RISK),
    ("How well known", SIGHT),
    ("The engine", WORK),
    ("Who was told", DELIVERY),
    ("The process", PROCESS),
)
