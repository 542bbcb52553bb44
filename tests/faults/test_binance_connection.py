"""Faults of the venue over a real loopback socket: afterwards the events, applied by identity, give the venue's truth.

Each test ends with `settles()`: account numbers gapless, sizes and wallets from fills and money alone equal to the venue's,
and the last complete state equal to it too.
"""

from __future__ import annotations

import asyncio

import pytest

from connectors.feed_health import FeedState
from monitor.domain.ids import DriverKind
from tests.support.binance_connection import connected

pytestmark = pytest.mark.slow


async def test_a_busy_market_is_handed_on_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as connection:
        await connection.all_live()
        await connection.traded(60)
        await connection.settles()
        assert connection.gaps() == []
        assert connection.inbox.refusals == []


async def test_a_private_socket_that_is_cut_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as connection:
        await connection.all_live()
        connection.venue.set_faults(refuse_streams=503)
        connection.venue.cut("private")
        await connection.traded(30)  # while nobody listens
        connection.venue.set_faults(refuse_streams=0)
        await connection.all_live()
        await connection.traded(30)
        await connection.settles()
        assert len(connection.gaps()) >= 3
        assert connection.private().reconnects >= 1


async def test_fills_that_the_stream_drops_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, trades_per_s=3.0) as connection:
        await connection.all_live()
        connection.venue.set_faults(drop_fills_ratio=1.0)
        await connection.traded(8)
        connection.venue.set_faults(drop_fills_ratio=0.0)
        await connection.settles()
        assert sum(feed.differences for feed in connection.feeds("private")) >= 1


async def test_a_silent_stream_that_answers_pings_is_found_by_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, trades_per_s=5.0) as connection:
        await connection.all_live()
        connection.venue.set_faults(silent_private=True)
        await connection.traded(15)
        await connection.settles()
        assert any("did not bring" in reason for reason in connection.gaps())


async def test_duplicates_and_swapped_messages_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as connection:
        connection.venue.set_faults(duplicate_ratio=0.5, swap_ratio=0.5, unknown_event_ratio=0.2)
        await connection.all_live()
        await connection.traded(60)
        await connection.settles()
        feeds = connection.feeds("private")
        assert sum(feed.duplicates for feed in feeds) > 10
        assert sum(feed.unknown for feed in feeds) > 5
        assert connection.gaps() == []


async def test_bad_json_is_refused_and_the_stream_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, trades_per_s=5.0) as connection:
        await connection.all_live()
        connection.venue.set_faults(bad_json_ratio=0.5)
        await connection.traded(20)
        connection.venue.set_faults(bad_json_ratio=0.0)
        await connection.settles()
        assert len(connection.inbox.refusals) >= 3
        assert any("could not be read" in reason for reason in connection.gaps())


async def test_an_expired_listen_key_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as connection:
        await connection.all_live()
        connection.venue.expire_listen_keys({account.name for account in connection.venue.accounts})
        await connection.until(lambda: len(connection.gaps()) >= 3)
        await connection.all_live()
        await connection.traded(30)
        await connection.settles()
        assert any("listen key expired" in reason for reason in connection.gaps())


@pytest.mark.parametrize("status", [429, 418])
async def test_a_stop_by_the_venue_is_obeyed_by_everything(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    async with connected(monkeypatch) as connection:
        await connection.all_live()
        connection.venue.set_faults(refuse_rest=status, retry_after_s=2)
        await connection.until(lambda: connection.feeds("rest")[0].state is FeedState.BLOCKED)
        connection.venue.cut("private")  # its return needs REST and must wait too
        connection.venue.set_faults(refuse_rest=0)
        await connection.until(lambda: connection.private().state is FeedState.DOWN)
        assert connection.feeds("rest")[0].state is FeedState.BLOCKED
        await connection.all_live()
        await connection.settles()


async def test_answers_cut_in_the_middle_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as connection:
        connection.venue.set_faults(cut_rest_ratio=0.4)
        await connection.all_live()
        connection.venue.cut("private")
        await connection.traded(30)
        await connection.all_live()
        connection.venue.set_faults(cut_rest_ratio=0.0)
        await connection.settles()


async def test_rest_that_is_older_than_the_stream_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, trades_per_s=10.0) as connection:
        await connection.all_live()
        connection.venue.set_faults(stale_rest=True)
        await connection.traded(20)
        before = {feed.name: feed.last_agreement_ns for feed in connection.feeds("private")}
        resyncs = sum(feed.resyncs for feed in connection.feeds("private"))
        await connection.until(lambda: sum(feed.resyncs for feed in connection.feeds("private")) >= resyncs + 3)
        assert any(before[feed.name] == feed.last_agreement_ns for feed in connection.feeds("private"))
        connection.venue.set_faults(stale_rest=False)
        await connection.settles()


async def test_a_silent_market_socket_is_cut_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, accounts=1) as connection:
        await connection.all_live()
        await connection.until(lambda: connection.feeds("market")[0].state is FeedState.LIVE)
        connection.venue.set_faults(silent_market=True)
        await connection.until(lambda: connection.feeds("market")[0].gaps >= 1)
        connection.venue.set_faults(silent_market=False)
        await connection.until(lambda: connection.feeds("market")[0].state is FeedState.LIVE)
        kinds = {price.driver.kind for price in connection.inbox.prices}
        assert kinds == {DriverKind.MARK, DriverKind.ASSET_INDEX}


async def test_sockets_are_replaced_with_overlap_and_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, rotate_after_s=0.7) as connection:
        await connection.all_live()
        await connection.traded(90)
        await connection.settles()
        assert connection.gaps() == []
        assert connection.private().reconnects == 0


async def test_a_full_private_queue_is_a_declared_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, private_queue=5) as connection:
        await connection.all_live()
        connection.inbox.has_room.clear()
        await connection.until(
            lambda: any(feed.state is not FeedState.LIVE or feed.queue_depth for feed in connection.feeds("private"))
        )
        await connection.traded(60)
        await asyncio.sleep(0)
        connection.inbox.has_room.set()
        await connection.until(lambda: any("queue is full" in reason for reason in connection.gaps()))
        await connection.all_live()
        await connection.settles()
