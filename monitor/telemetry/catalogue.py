"""Every metric by name: the one list that the renderer, the reference in docs/metrics.md and the tests share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: `kind` is `counter`, `gauge` or `histogram`; `text` says what one reads from it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


TICKS = Metric("marginwatch_ticks_total", "counter", ("venue",), "Prices the engine took in.")
ACCOUNT_EVENTS = Metric(
    "marginwatch_account_events_total", "counter", ("venue", "kind"), "Account events the engine took in, by kind."
)
POOLS = Metric("marginwatch_pools", "gauge", ("venue", "level"), "Pools at each level; none = never valued.")
POOLS_UNCERTAIN = Metric(
    "marginwatch_pools_uncertain", "gauge", ("venue", "certainty"), "Pools that are not FRESH, by certainty."
)
EQUITY_WATCHED = Metric(
    "marginwatch_equity_watched_ratio",
    "gauge",
    (),
    "Equity (USD, negative as 0, last known) of FRESH accounts over that of all accounts; 0 when nothing is known.",
)
ACCOUNTS_WATCHED = Metric(
    "marginwatch_accounts_watched_ratio", "gauge", (), "FRESH accounts over all accounts; 0 when there are none."
)
POOL_LABELS = ("venue", "account", "pool")
POOL_MARGIN_RATIO = Metric(
    "marginwatch_pool_margin_ratio", "gauge", POOL_LABELS, "Margin ratio of the worst pools; 1 is liquidation, higher is worse."
)
POOL_BUFFER_RATIO = Metric(
    "marginwatch_pool_buffer_ratio",
    "gauge",
    POOL_LABELS,
    "Joint adverse move, in units of BTC, that eats the headroom of the worst pools.",
)
POOL_HEADROOM_USD = Metric(
    "marginwatch_pool_headroom_usd",
    "gauge",
    POOL_LABELS,
    "Slack to the venue's liquidation trigger of the worst pools, in USD.",
)
POOL_VENUE_RESIDUAL = Metric(
    "marginwatch_pool_venue_residual_ratio",
    "gauge",
    POOL_LABELS,
    "Largest residual of the worst pools between ours and the venue's own figures, as a share of the figure.",
)
POOLS_TRUNCATED = Metric("marginwatch_pools_truncated", "gauge", (), "Pools that have no per-pool series.")
DRIVER_AGE = Metric(
    "marginwatch_driver_age_seconds", "gauge", ("venue",), "Age of the oldest price that a pool holds, by engine time."
)
LEVEL_CHANGES = Metric(
    "marginwatch_level_changes_total", "counter", ("venue", "from", "to"), "Level changes; from or to none = not valued."
)
RECORDS_REFUSED = Metric(
    "marginwatch_records_refused_total",
    "counter",
    ("source", "reason"),
    "Records and messages that were refused and set aside; the reason is the field that was wrong.",
)
DUPLICATES = Metric("marginwatch_events_duplicate_total", "counter", (), "Account events seen before and not applied again.")
PRICES_LATE = Metric("marginwatch_prices_late_total", "counter", (), "Prices older than the last one of their driver.")
PRICES_AHEAD = Metric(
    "marginwatch_prices_ahead_total", "counter", (), "Prices refused for a stamp too far ahead of engine time."
)
PRICES_COALESCED = Metric(
    "marginwatch_prices_coalesced_total", "counter", (), "Prices merged in the inbox; first, low, high and last are kept."
)
NEGATIVE_AGES = Metric("marginwatch_negative_ages_total", "counter", (), "Ages that came out negative and were read as 0.")
REFERENCE_DECISIONS = Metric(
    "marginwatch_reference_decisions_total", "counter", (), "Levels decided by the exact reference inside the float error band."
)
AUDIT_DISAGREEMENTS = Metric(
    "marginwatch_audit_disagreements_total", "counter", (), "Pools whose columns disagreed with the reference; must stay 0."
)
INBOX_DEPTH = Metric("marginwatch_inbox_depth", "gauge", (), "Inputs waiting for the engine.")
ALERTS_SENT = Metric(
    "marginwatch_alerts_sent_total", "counter", ("sink", "outcome"), "Notifications handed to a sink, by outcome."
)
RECEIVE_TO_DECIDED = Metric(
    "marginwatch_receive_to_decided_seconds", "histogram", (), "From the receipt of an input to its levels being decided."
)
DECIDED_TO_DELIVERED = Metric(
    "marginwatch_decided_to_delivered_seconds",
    "histogram",
    (),
    "From a level decided to the notification accepted by its sink.",
)
STREAM_READERS = Metric("marginwatch_stream_readers", "gauge", (), "Browsers on the live stream.")
STREAM_DROPPED = Metric(
    "marginwatch_stream_messages_dropped_total",
    "counter",
    (),
    "Board messages dropped for a newer one because a browser was slow.",
)
BUILD_INFO = Metric("marginwatch_build_info", "gauge", ("version", "python"), "Always 1; the labels name the build.")

METRICS: tuple[Metric, ...] = (
    TICKS,
    ACCOUNT_EVENTS,
    POOLS,
    POOLS_UNCERTAIN,
    EQUITY_WATCHED,
    ACCOUNTS_WATCHED,
    POOL_MARGIN_RATIO,
    POOL_BUFFER_RATIO,
    POOL_HEADROOM_USD,
    POOL_VENUE_RESIDUAL,
    POOLS_TRUNCATED,
    DRIVER_AGE,
    LEVEL_CHANGES,
    RECORDS_REFUSED,
    DUPLICATES,
    PRICES_LATE,
    PRICES_AHEAD,
    PRICES_COALESCED,
    NEGATIVE_AGES,
    REFERENCE_DECISIONS,
    AUDIT_DISAGREEMENTS,
    INBOX_DEPTH,
    ALERTS_SENT,
    RECEIVE_TO_DECIDED,
    DECIDED_TO_DELIVERED,
    STREAM_READERS,
    STREAM_DROPPED,
    BUILD_INFO,
)
