"""A histogram that takes many equal observations at once: a batch of prices is decided together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from monitor.telemetry.catalogue import Metric


class LatencyHistogram(Collector):
    """Seconds by bucket; `bounds` are upper bounds, rising. A negative time is counted as 0."""

    def __init__(self, metric: Metric, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._metric = metric
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        registry.register(self)

    def observe(self, seconds: float, count: int = 1) -> None:
        """Count `count` observations of the same time."""
        seconds = max(seconds, 0.0)
        self._counts[bisect_left(self._bounds, seconds)] += count
        self._sum += seconds * count

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """The family as the registry renders it."""
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else repr(bound), total))
        yield HistogramMetricFamily(self._metric.name, self._metric.text, buckets=buckets, sum_value=self._sum)
