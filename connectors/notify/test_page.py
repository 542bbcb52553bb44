"""`marginwatch test-page`: a marked test alert through the whole chain, each hop reported."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson

from connectors.notify.alertmanager_format import ALERTS_PATH, alert_object
from connectors.notify.http_answer import Meaning, post
from connectors.notify.settings import AlertmanagerSettings, NotifySettings, WebhookSettings
from connectors.notify.webhook import authorization, webhook_object
from monitor.domain.alert import Alert, AlertName, AlertReason, Notification, Severity
from monitor.domain.errors import BadConfiguration

DONE = 0
FAILED = 1

ENDS_AFTER_S = 300.0
"""A test that nobody ends goes away by itself."""

READ_BACK_S = 2.0
READ_BACK_EVERY_S = 0.1

TEXT = "A test of the paging chain by `marginwatch test-page`: nothing is wrong."

Say = Callable[[str], None]


class TestPage:
    """One test alert. `now_ns` is our clock; `hold_s` is how long it stays on before it is resolved."""

    __test__ = False  # a page, not a test case

    def __init__(self, instance_group: str, severity: Severity, now_ns: Callable[[], int], hold_s: float, say: Say) -> None:
        self._now_ns = now_ns
        self._hold_s = hold_s
        self._say = say
        started_ns = now_ns()
        self._firing = Alert(
            alert_id=f"test-{started_ns}",
            name=AlertName.TEST,
            labels={
                "alertname": AlertName.TEST.value,
                "severity": severity.value,
                "instance_group": instance_group,
                "test_id": str(started_ns),
            },
            started_ns=started_ns,
            reason=AlertReason.TEST,
        )

    async def to_alertmanager(self, session: aiohttp.ClientSession, url: str, settings: AlertmanagerSettings) -> bool:
        """One replica: accepted, read back, resolved, read back as ended. True when every hop held."""
        where = f"alertmanager {url}"
        base = url.rstrip("/") + ALERTS_PATH
        timeout_s = settings.retry.timeout_s
        return (
            await self._post(session, f"{where}: accepted", base, self._for_alertmanager(self._firing), timeout_s)
            and await self._listed(session, f"{where}: read back", base, timeout_s, is_there=True)
            and await self._held(f"{where}: on")
            and await self._post(session, f"{where}: resolve accepted", base, self._for_alertmanager(self._ended()), timeout_s)
            and await self._listed(session, f"{where}: no longer active", base, timeout_s, is_there=False)
        )

    async def to_webhook(self, session: aiohttp.ClientSession, name: str, settings: WebhookSettings) -> bool:
        """One webhook: firing accepted, resolved accepted."""
        headers = authorization(name, settings)
        where, timeout_s = f"webhook {name}", settings.retry.timeout_s
        return await self._post(
            session, f"{where}: accepted", settings.url, self._for_webhook(self._firing), timeout_s, headers
        ) and await self._post(
            session, f"{where}: resolve accepted", settings.url, self._for_webhook(self._ended()), timeout_s, headers
        )

    # ---- parts

    def _ended(self) -> Alert:
        firing = self._firing
        return Alert(
            alert_id=firing.alert_id,
            name=firing.name,
            labels=firing.labels,
            started_ns=firing.started_ns,
            ended_ns=max(self._now_ns(), firing.started_ns + 1),
            reason=AlertReason.TEST,
        )

    def _for_alertmanager(self, alert: Alert) -> bytes:
        return orjson.dumps([alert_object(alert, {"summary": TEXT}, self._now_ns(), ENDS_AFTER_S)])

    def _for_webhook(self, alert: Alert) -> bytes:
        return orjson.dumps(webhook_object(Notification(alert=alert, noted_ns=alert.started_ns), {"summary": TEXT}))

    async def _held(self, hop: str) -> bool:
        if self._hold_s > 0:
            self._say(f"{hop} for {self._hold_s:g} s, so that routes with a wait pass it on")
            await asyncio.sleep(self._hold_s)
        return True

    async def _post(
        self,
        session: aiohttp.ClientSession,
        hop: str,
        url: str,
        body: bytes,
        timeout_s: float,
        headers: dict[str, str] | None = None,
    ) -> bool:
        started = time.perf_counter()
        answer = await post(session, url, body, timeout_s, headers)
        return self._report(hop, started, "" if answer.meaning is Meaning.ACCEPTED else answer.reason)

    async def _listed(self, session: aiohttp.ClientSession, hop: str, url: str, timeout_s: float, *, is_there: bool) -> bool:
        """Whether the replica lists the alert as active, or no longer does, within two seconds."""
        started = time.perf_counter()
        while True:
            try:
                found = await self._is_active(session, url, timeout_s)
            except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as error:
                return self._report(hop, started, str(error) or type(error).__name__)
            if found is is_there:
                return self._report(hop, started, "")
            if time.perf_counter() - started > READ_BACK_S:
                return self._report(hop, started, "not listed as active" if is_there else "still listed as active")
            await asyncio.sleep(READ_BACK_EVERY_S)

    async def _is_active(self, session: aiohttp.ClientSession, url: str, timeout_s: float) -> bool:
        query = {"filter": f'test_id="{self._firing.labels["test_id"]}"'}
        async with session.get(url, params=query, timeout=aiohttp.ClientTimeout(total=timeout_s)) as answer:
            answer.raise_for_status()
            listed: list[dict[str, Any]] = orjson.loads(await answer.read())
            return bool(listed)

    def _report(self, hop: str, started: float, failure: str) -> bool:
        took_ms = (time.perf_counter() - started) * 1e3
        self._say(f"{'FAILED ' if failure else 'ok     '}{hop} ({took_ms:.0f} ms){f': {failure}' if failure else ''}")
        return not failure


async def run_test_page(
    settings: NotifySettings,
    instance_group: str,
    *,
    sink: str | None,
    severity: Severity,
    hold_s: float,
    now_ns: Callable[[], int],
    say: Say,
) -> int:
    """Send a test through every sink, or through one (`alertmanager` or a webhook's name); 0 when every hop held, else 1.

    Raises `BadConfiguration` when there is no such sink, or none at all beside the log.
    """
    _require_sink(settings, sink)
    page = TestPage(instance_group, severity, now_ns, hold_s, say)
    held = True
    async with aiohttp.ClientSession() as session:
        if settings.alertmanager is not None and sink in (None, "alertmanager"):
            for url in settings.alertmanager.replicas:
                held = await page.to_alertmanager(session, url, settings.alertmanager) and held
        for name, webhook in settings.webhooks.items():
            if sink in (None, name):
                held = await page.to_webhook(session, name, webhook) and held
    say("The test went through every hop." if held else "The test did NOT go through every hop: pages would be late or lost.")
    return DONE if held else FAILED


def _require_sink(settings: NotifySettings, sink: str | None) -> None:
    known = [*(["alertmanager"] if settings.alertmanager is not None else []), *settings.webhooks]
    if not known:
        raise BadConfiguration("nobody is told: give [notify.alertmanager] or [notify.webhooks.NAME]", field="notify")
    if sink is not None and sink not in known:
        raise BadConfiguration(f"no such sink, known are {', '.join(known)}", field="--sink", value=sink)
