"""Metrics: names, labels and types are those of the contract and of docs/metrics.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from monitor.telemetry.catalogue import METRICS
from monitor.telemetry.exposition import escaped, sample_line
from monitor.telemetry.filters import PoolFilter
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.pool_series import PoolSeries
from monitor.telemetry.scanner import Scanner
from monitor.telemetry.stream import StreamReader
from tests.support.risk_view import VENUE, FakeClock, FakeRiskView

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"

# Written by hand from the contract, so that a slip in the catalogue is seen.
CONTRACT = {
    "marginwatch_ticks_total": "venue",
    "marginwatch_account_events_total": "venue,kind",
    "marginwatch_pools": "venue,level",
    "marginwatch_pools_uncertain": "venue,certainty",
    "marginwatch_equity_watched_ratio": "",
    "marginwatch_accounts_watched_ratio": "",
    "marginwatch_pool_margin_ratio": "venue,account,pool",
    "marginwatch_pool_buffer_ratio": "venue,account,pool",
    "marginwatch_pool_headroom_usd": "venue,account,pool",
    "marginwatch_pools_truncated": "",
    "marginwatch_driver_age_seconds": "venue",
    "marginwatch_level_changes_total": "venue,from,to",
    "marginwatch_alerts_sent_total": "sink,outcome",
    "marginwatch_records_refused_total": "source,reason",
    "marginwatch_prices_late_total": "",
    "marginwatch_prices_coalesced_total": "",
    "marginwatch_reference_decisions_total": "",
    "marginwatch_audit_disagreements_total": "",
    "marginwatch_inbox_depth": "",
    "marginwatch_receive_to_decided_seconds": "",
    "marginwatch_decided_to_delivered_seconds": "",
}


@pytest.fixture
def view() -> FakeRiskView:
    book = FakeRiskView()
    book.add_instrument("BTCUSDT", "60000")
    for index in range(8):
        book.add_account(f"a{index}", "10000", {"BTCUSDT": (f"{0.3 * (index + 1):.1f}", "60000")})
    book.add_account("exhausted", "-1", {"BTCUSDT": ("0.1", "60000")})
    book.value()
    book.counters.ticks[VENUE] = 12
    book.counters.account_events[VENUE, "fill"] = 3
    book.counters.level_changes[VENUE, "ok", "notice"] = 2
    book.counters.records_refused['a "source"\\', "bad\nvalue"] = 1
    return book


def metrics_of(view: FakeRiskView, most: int = 200) -> Metrics:
    return Metrics(view, CollectorRegistry(), inbox_depth=lambda: 7, pool_series=most)


async def samples(view: FakeRiskView, metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    text = (await metrics.render(Scanner(view, FakeClock()))).decode()
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_rendered_names_types_and_labels_are_those_of_the_catalogue(view: FakeRiskView) -> None:
    metrics = metrics_of(view)
    metrics.alert_sent("log", "accepted")
    text = (await metrics.render(Scanner(view, FakeClock()))).decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for metric in METRICS:
        family = families[metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name]
        assert family.type == metric.kind, metric.name
        assert family.samples, metric.name
        ignored = {"le"} if metric.kind == "histogram" else set()
        assert set(family.samples[0].labels) - ignored == set(metric.labels), metric.name
    assert any(name.startswith("process_") for name in families)


def test_the_contract_is_in_the_catalogue() -> None:
    ours = {metric.name: ",".join(metric.labels) for metric in METRICS}
    assert CONTRACT.items() <= ours.items()


def test_the_reference_lists_every_metric() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels) or "none"
        assert f"| `{metric.name}` | {metric.kind} | {labels} |" in text


async def test_values(view: FakeRiskView) -> None:
    metrics = metrics_of(view)
    metrics.observe_receive_to_decided(0.002, count=5)
    metrics.observe_decided_to_delivered(0.2)
    metrics.audit_disagreement()
    found = await samples(view, metrics)
    assert found["marginwatch_ticks_total", (VENUE,)] == 12
    assert found["marginwatch_inbox_depth", ()] == 7
    assert found["marginwatch_level_changes_total", (VENUE, "ok", "notice")] == 2
    assert found["marginwatch_records_refused_total", ('a "source"\\', "bad\nvalue")] == 1
    assert found["marginwatch_pools", (VENUE, "none")] == 0
    assert found["marginwatch_receive_to_decided_seconds_count", ()] == 5
    assert found["marginwatch_receive_to_decided_seconds_bucket", ("0.001",)] == 0
    assert found["marginwatch_receive_to_decided_seconds_bucket", ("0.0025",)] == 5
    assert found["marginwatch_audit_disagreements_total", ()] == 1


async def test_a_null_ratio_exports_no_series(view: FakeRiskView) -> None:
    found = await samples(view, metrics_of(view))
    names = {labels[1] for name, labels in found if name == "marginwatch_pool_margin_ratio"}
    assert f"{VENUE}:exhausted" not in names
    assert f"{VENUE}:a7" in names
    assert found["marginwatch_pool_headroom_usd", (VENUE, f"{VENUE}:exhausted", f"{VENUE}:exhausted/cross/USDT")] < 0


async def test_per_pool_series_are_bounded_and_say_what_was_cut(view: FakeRiskView) -> None:
    found = await samples(view, metrics_of(view, most=4))
    shown = [labels for name, labels in found if name == "marginwatch_pool_headroom_usd"]
    assert len(shown) == 4
    assert found["marginwatch_pools_truncated", ()] == 5


async def test_the_edge_of_the_series_does_not_churn() -> None:
    view = FakeRiskView()
    for symbol in ("AUSDT", "BUSDT"):
        view.add_instrument(symbol, "100")
    for index in range(7):
        view.add_account(f"w{index}", "10000", {"AUSDT": (f"{1500 - index}", "100")})
    view.add_account("x", "10000", {"AUSDT": ("900", "100")})
    view.add_account("y", "10000", {"BUSDT": ("890", "100")})
    view.value()
    series = PoolSeries(8)
    assert f"{VENUE}:x/cross/USDT" in await selected(view, series)
    view.set_mark("BUSDT", "99.5")
    assert f"{VENUE}:x/cross/USDT" in await selected(view, series), "a member at the edge stays"
    assert f"{VENUE}:y/cross/USDT" in await selected(view, PoolSeries(8)), "without memory the other one is worse"


async def selected(view: FakeRiskView, series: PoolSeries) -> set[str]:
    return {pool.pool for pool in series.select(await Scanner(view, FakeClock()).latest(0))}


async def test_scrapers_of_one_moment_share_a_pass(view: FakeRiskView) -> None:
    clock = FakeClock()
    scanner = Scanner(view, clock)
    first = await scanner.latest(1_000)
    assert await scanner.latest(1_000) is first
    clock.ns += 1_001
    assert await scanner.latest(1_000) is not first


async def test_a_slow_reader_keeps_the_newest_message_only() -> None:
    reader = StreamReader(PoolFilter())
    assert [reader.offer(message) for message in (b"1", b"2", b"3")] == [False, True, True]
    assert await reader.take() == b"3"
    assert reader.dropped == 2


def test_label_values_are_escaped() -> None:
    assert escaped('a"b\\c\nd') == r"a\"b\\c\nd"
    assert sample_line("m", ("x",), ('"',), 0.5) == 'm{x="\\""} 0.5\n'
