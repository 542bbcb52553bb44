"""What Prometheus reads (contract 9): counts of the engine, one pass over the book, and what the app observes."""

from __future__ import annotations

import asyncio
import platform
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import Counter, Gauge, ProcessCollector, generate_latest
from prometheus_client.registry import CollectorRegistry

from monitor import __version__
from monitor.analytics.scan import BookScan
from monitor.analytics.view import RiskView
from monitor.book.status import PoolStatus
from monitor.domain.certainty import Certainty
from monitor.domain.level import Level, level_label
from monitor.telemetry import catalogue
from monitor.telemetry.catalogue import Metric
from monitor.telemetry.exposition import family
from monitor.telemetry.latency import LatencyHistogram
from monitor.telemetry.pool_series import PoolSeries
from monitor.telemetry.scanner import Scanner

# A scrape shows the book as of a pass that is at most this old: two scrapers in one second share it.
SCRAPE_AGE_NS = 500_000_000

# 0.1 ms to 10 s around the aim of 10 ms; 1 ms to 60 s around the aim of 1 s.
_DECIDED_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_DELIVERED_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_LEVELS: tuple[Level | None, ...] = (*Level, None)
_UNCERTAIN = tuple(certainty for certainty in Certainty if certainty is not Certainty.FRESH)


class Metrics:
    """All metrics of one daemon. `registry` is its own, so that tests and embedded daemons do not share one."""

    def __init__(
        self,
        view: RiskView,
        registry: CollectorRegistry,
        *,
        inbox_depth: Callable[[], int],
        inbox_refused: Callable[[], Mapping[tuple[str, str], int]] = dict,
        pool_series: int = 200,
    ) -> None:
        self._view = view
        self._registry = registry
        self._inbox_depth = inbox_depth
        self._inbox_refused = inbox_refused
        self._pool_series = PoolSeries(pool_series)
        self._alerts_sent = _counter(catalogue.ALERTS_SENT, registry)
        self._disagreements = _counter(catalogue.AUDIT_DISAGREEMENTS, registry)
        self._decided = LatencyHistogram(catalogue.RECEIVE_TO_DECIDED, _DECIDED_BOUNDS, registry)
        self._delivered = LatencyHistogram(catalogue.DECIDED_TO_DELIVERED, _DELIVERED_BOUNDS, registry)
        build = Gauge(catalogue.BUILD_INFO.name, catalogue.BUILD_INFO.text, catalogue.BUILD_INFO.labels, registry=registry)
        build.labels(__version__, platform.python_version()).set(1)
        ProcessCollector(registry=registry)

    def observe_receive_to_decided(self, seconds: float, count: int = 1) -> None:
        """`count` inputs of one batch were decided this long after their receipt."""
        self._decided.observe(seconds, count)

    def observe_decided_to_delivered(self, seconds: float) -> None:
        """A sink accepted a notification this long after its level was decided."""
        self._delivered.observe(seconds)

    def alert_sent(self, sink: str, outcome: str) -> None:
        """A notification was handed to a sink."""
        self._alerts_sent.labels(sink, outcome).inc()

    def audit_disagreement(self, count: int = 1) -> None:
        """The auditor found the columns and the reference apart."""
        self._disagreements.inc(count)

    async def render(self, scanner: Scanner, *, stream_readers: int = 0, dropped: int = 0) -> bytes:
        """The text of one scrape, made in slices of a few milliseconds with the event loop in between."""
        scan = await scanner.latest(SCRAPE_AGE_NS)
        texts = []
        for number, text in enumerate(self._families(scan)):
            texts.append(text)
            if number % 4 == 0:
                await asyncio.sleep(0)
        texts.append(family(catalogue.STREAM_READERS, [((), stream_readers)]))
        texts.append(family(catalogue.STREAM_DROPPED, [((), dropped)]))
        return "".join(texts).encode() + generate_latest(self._registry)

    def _families(self, scan: BookScan) -> Iterator[str]:
        yield from self._counters()
        yield family(
            catalogue.POOLS,
            [((venue, level_label(level)), scan.levels[venue, level]) for venue in sorted(scan.venues) for level in _LEVELS],
        )
        yield family(
            catalogue.POOLS_UNCERTAIN,
            [
                ((venue, certainty.name.lower()), scan.certainties[venue, certainty])
                for venue in sorted(scan.venues)
                for certainty in _UNCERTAIN
            ],
        )
        yield family(catalogue.EQUITY_WATCHED, [((), scan.equity_watched_ratio)])
        yield family(catalogue.ACCOUNTS_WATCHED, [((), scan.accounts_watched_ratio)])
        yield family(catalogue.DRIVER_AGE, self._driver_ages(scan))
        shown = self._pool_series.select(scan)
        yield family(catalogue.POOLS_TRUNCATED, [((), scan.pools - len(shown))])
        yield _pool_family(catalogue.POOL_MARGIN_RATIO, shown, lambda pool: pool.margin_ratio)
        yield _pool_family(catalogue.POOL_BUFFER_RATIO, shown, lambda pool: pool.buffer_ratio)
        yield _pool_family(catalogue.POOL_HEADROOM_USD, shown, lambda pool: pool.headroom_usd)
        yield _pool_family(catalogue.POOL_VENUE_RESIDUAL, shown, lambda pool: pool.venue_residual_ratio)

    def _counters(self) -> Iterator[str]:
        counters = self._view.counters
        yield family(catalogue.TICKS, [((venue,), count) for venue, count in sorted(counters.ticks.items())])
        yield family(catalogue.ACCOUNT_EVENTS, sorted(counters.account_events.items()))
        yield family(catalogue.LEVEL_CHANGES, sorted(counters.level_changes.items()))
        # A record is refused once: by its codec on the way into the inbox, or by the engine behind it.
        refused = Tally(counters.records_refused) + Tally(self._inbox_refused())
        yield family(catalogue.RECORDS_REFUSED, sorted(refused.items()))
        yield family(catalogue.DUPLICATES, [((), counters.duplicates)])
        yield family(catalogue.PRICES_LATE, [((), counters.prices_late)])
        yield family(catalogue.PRICES_AHEAD, [((), counters.prices_ahead)])
        yield family(catalogue.PRICES_COALESCED, [((), counters.prices_coalesced)])
        yield family(catalogue.NEGATIVE_AGES, [((), counters.negative_ages)])
        yield family(catalogue.REFERENCE_DECISIONS, [((), counters.reference_decisions)])
        yield family(catalogue.INBOX_DEPTH, [((), self._inbox_depth())])

    def _driver_ages(self, scan: BookScan) -> list[tuple[tuple[str], float]]:
        return [
            ((venue,), max(self._view.now_ns - totals.oldest_recv_ns, 0) / 1e9)
            for venue, totals in sorted(scan.drivers.items())
            if totals.oldest_recv_ns is not None
        ]


def _pool_family(metric: Metric, pools: list[PoolStatus], figure: Callable[[PoolStatus], float | None]) -> str:
    """A pool whose figure is not known has no sample: a null is never a number."""
    samples = [((pool.venue, pool.account, pool.pool), value) for pool in pools if (value := figure(pool)) is not None]
    return family(metric, samples)


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    # The library adds `_total` by itself.
    return Counter(metric.name.removesuffix("_total"), metric.text, metric.labels, registry=registry)
