import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.alerting.alert_file import AlertFile
from monitor.alerting.alerter import Alerter
from monitor.alerting.delivery import ENDED_KEPT_NS, AlertDelivery
from monitor.alerting.settings import AlertingSettings
from monitor.domain.alert import Notification
from monitor.domain.errors import BadInput
from monitor.domain.level import Level
from tests.support.alert_view import SECOND, WrittenView, level_changed
from tests.support.steady_clock import SteadyClock

POOL = "sim:carol/cross"


class Listener:
    """A sink that keeps what it is offered."""

    def __init__(self) -> None:
        self.offered: list[Notification] = []
        self.caught_up_after: int | None = None
        self.news = asyncio.Event()

    def offer(self, notification: Notification) -> None:
        self.offered.append(notification)
        self.news.set()

    def caught_up(self) -> None:
        self.caught_up_after = len(self.offered)
        self.news.set()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self.news.clear()
                await self.news.wait()

    def told(self) -> list[tuple[str, bool]]:
        return [(note.alert.labels.get("level") or note.alert.labels["cause"], note.alert.is_firing) for note in self.offered]


class MemoryFile:
    """Keeps states as a disk would; the first `failures` writes fail."""

    def __init__(self, listener: Listener, failures: int = 0) -> None:
        self.saved: list[tuple[int, dict[str, Any]]] = []
        self._listener = listener
        self.failures = failures

    def save(self, state: dict[str, Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError(28, "No space left on device")
        self.saved.append((len(self._listener.offered), state))


class Chain:
    def __init__(self, failures: int = 0) -> None:
        self.view = WrittenView()
        self.view.put(POOL, Level.OK)
        self.clock = SteadyClock()
        self.alerter = Alerter(AlertingSettings(), self.view)
        self.listener = Listener()
        self.file = MemoryFile(self.listener, failures)
        self.delivery = AlertDelivery(self.alerter.state, self.file, [self.listener], self.clock)

    def level(self, old: Level, new: Level) -> None:
        self.delivery.note(self.alerter.on_effect(level_changed(POOL, old, new, at_ns=self.clock.now_ns())))
        self.clock.advance_s(1.0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.delivery.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_change_is_on_disk_before_it_is_offered() -> None:
    chain = Chain()
    async with chain.running():
        chain.level(Level.OK, Level.WARNING)
        await chain.listener.until(lambda: chain.listener.offered)
        offered_before, state = chain.file.saved[0]
        assert offered_before == 0
        assert [alert["labels"]["level"] for alert in state["pools"]] == ["warning"]


async def test_only_the_newest_state_of_an_alert_is_offered() -> None:
    chain = Chain()
    for _ in range(3):
        chain.level(Level.OK, Level.WARNING)
        chain.level(Level.WARNING, Level.OK)
    assert chain.delivery.waiting == 1
    async with chain.running():
        await chain.listener.until(lambda: chain.listener.offered)
    assert chain.listener.told() == [("warning", False)]


async def test_a_full_disk_is_told_and_the_page_goes_out_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.alerting.delivery.RETRY_SAVE_S", 0.0)
    chain = Chain(failures=1)
    async with chain.running():
        chain.level(Level.OK, Level.WARNING)
        await chain.listener.until(lambda: chain.listener.offered)
    assert chain.listener.told() == [("warning", True)]
    assert chain.file.saved


async def test_while_inputs_catch_up_decisions_run_and_nothing_is_sent_then_each_once() -> None:
    chain = Chain()
    chain.delivery.hold()
    async with chain.running():
        chain.level(Level.OK, Level.CRITICAL)
        chain.level(Level.CRITICAL, Level.WARNING)
        await asyncio.to_thread(lambda: None)
        assert chain.listener.offered == []
        assert chain.listener.caught_up_after is None
        chain.delivery.release()
        await chain.listener.until(lambda: chain.listener.caught_up_after is not None)
    assert sorted(chain.listener.told()) == [("critical", False), ("warning", True)]
    assert chain.listener.caught_up_after == 2


async def test_in_a_late_catch_up_what_wakes_a_person_goes_out() -> None:
    chain = Chain()
    chain.delivery.hold()
    async with chain.running():
        chain.level(Level.OK, Level.LIQUIDATION)
        chain.delivery.note(chain.alerter.on_catching_up(is_late=True, now_ns=9 * SECOND, seq=1))
        chain.delivery.hold_is_late()
        await chain.listener.until(lambda: len(chain.listener.offered) == 3)
        assert chain.listener.told() == [("liquidation", True), ("critical", True), ("catching_up", True)]
        chain.delivery.release()
        await chain.listener.until(lambda: chain.listener.caught_up_after is not None)
    assert chain.listener.told()[3:] == [("warning", True)]


async def test_the_next_run_tells_what_is_on_and_what_ended_shortly_before() -> None:
    first = Chain()
    async with first.running():
        first.level(Level.OK, Level.CRITICAL)
        first.level(Level.CRITICAL, Level.WARNING)
        await first.listener.until(lambda: first.listener.offered)
    _count, state = first.file.saved[-1]
    second = Chain()
    second.clock.advance_s(10)
    restored = Alerter.restore(AlertingSettings(), second.view, state)
    second.delivery.tell_again(restored.open_alerts(), state)
    async with second.running():
        await second.listener.until(lambda: len(second.listener.offered) == 2)
    assert second.listener.told() == [("critical", False), ("warning", True)]
    assert all(note.is_repeat for note in second.listener.offered)

    much_later = Chain()
    much_later.clock.advance_s(10 + ENDED_KEPT_NS / 1e9)
    much_later.delivery.tell_again(restored.open_alerts(), state)
    assert much_later.delivery.waiting == 1


def test_the_file_is_replaced_as_a_whole_and_read_back(tmp_path: Path) -> None:
    file = AlertFile(tmp_path / "deep" / "alerts.json")
    assert file.load() is None
    file.save({"version": 1})
    file.save({"version": 1, "pools": []})
    assert file.load() == {"version": 1, "pools": []}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["alerts.json"]


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    path.write_text('{"version": 1, "pools"')
    with pytest.raises(BadInput, match=r"alerts\.json.*not a file of alerts"):
        AlertFile(path).load()
