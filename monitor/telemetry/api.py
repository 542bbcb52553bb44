"""The JSON API: accounts, pools, alerts and feeds (contract 9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from monitor.analytics.document import account_document, account_heading_document, pool_document
from monitor.analytics.frozen import FrozenView
from monitor.analytics.report import account_heading, account_report, pool_report
from monitor.analytics.view import AccountView, RiskView
from monitor.domain.errors import BadInput
from monitor.domain.ids import account_of
from monitor.telemetry.account_pages import AccountQuery, page_of
from monitor.telemetry.answers import AsOf, answer
from monitor.telemetry.feeds import feed_documents, feed_summary
from monitor.telemetry.filters import require_known
from monitor.telemetry.plain import plain
from monitor.telemetry.scanner import Scanner

# A list may be chosen from a pass that is this old; every account in it is reported as of the answer's own seq.
LIST_AGE_NS = 1_000_000_000


class NotFound(BadInput):
    """The account or pool that is asked for is not known."""


class Api:
    """Handlers. Each answer is of one seq: what it shows is copied in one go before anything is computed from it."""

    def __init__(
        self,
        view: RiskView,
        scanner: Scanner,
        *,
        run_id: str,
        ready: Callable[[], Sequence[str]],
        alerts: Callable[[], Sequence[object]],
        feeds: Callable[[], Sequence[object]],
    ) -> None:
        self._view = view
        self._scanner = scanner
        self._run_id = run_id
        self._ready = ready
        self._alerts = alerts
        self._feeds = feeds

    def routes(self) -> list[web.RouteDef]:
        """Where each handler is found."""
        return [
            web.get("/livez", self.livez),
            web.get("/readyz", self.readyz),
            web.get("/api/v1/accounts", self.accounts),
            web.get("/api/v1/accounts/{account}", self.account),
            web.get("/api/v1/pools/{pool}", self.pool),
            web.get("/api/v1/alerts", self.alerts),
            web.get("/api/v1/feeds", self.feeds),
        ]

    def as_of(self, view: AccountView | None = None) -> AsOf:
        """The moment of a view, by default the live engine's."""
        view = view or self._view
        return AsOf(self._run_id, view.seq, view.now_ns)

    async def livez(self, request: web.Request) -> web.Response:
        """The event loop turns; says nothing of anything outside."""
        require_known(request.query, ())
        return answer(self.as_of(), {"alive": True})

    async def readyz(self, request: web.Request) -> web.Response:
        """200 when every figure shown can be relied on as marked, else 503 with the reasons."""
        require_known(request.query, ())
        reasons = list(self._ready())
        return answer(self.as_of(), {"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def accounts(self, request: web.Request) -> web.Response:
        """A page of accounts with their pools."""
        query = AccountQuery.of_query(request.query)
        page = page_of(await self._scanner.latest(LIST_AGE_NS), query)
        frozen = FrozenView.of_accounts(self._view, page.accounts)
        documents = []
        for account in frozen.accounts:
            documents.append(account_document(account_report(frozen, account)))
            await asyncio.sleep(0)
        return answer(
            self.as_of(frozen),
            {"accounts": documents, "matching": page.matching, "next_cursor": page.next_cursor},
        )

    async def account(self, request: web.Request) -> web.Response:
        """One account with its pools."""
        require_known(request.query, ())
        account = request.match_info["account"]
        if self._view.account_status(account) is None:
            raise NotFound("no such account", field="account", value=account, source="path")
        frozen = FrozenView.of_accounts(self._view, [account])
        return answer(self.as_of(frozen), {"account": account_document(account_report(frozen, account))})

    async def pool(self, request: web.Request) -> web.Response:
        """One pool, its account beside it."""
        require_known(request.query, ())
        pool = request.match_info["pool"]
        frozen = FrozenView(self._view, [account_of(pool)], [pool])
        status, account = frozen.pool_status(pool), frozen.account_status(account_of(pool))
        if status is None or account is None:
            raise NotFound("no such pool", field="pool", value=pool, source="path")
        body: dict[str, Any] = {
            "account": account_heading_document(account_heading(frozen, account)),
            "pool": {
                **pool_document(pool_report(frozen, status)),
                "level_since_ns": status.level_since_ns,
                "inputs_recv_ns": status.inputs_recv_ns,
                "last_event_recv_ns": account.last_event_recv_ns,
                "last_agreed_ns": account.last_agreed_ns,
            },
        }
        return answer(self.as_of(frozen), body)

    async def alerts(self, request: web.Request) -> web.Response:
        """The alerts that are open."""
        require_known(request.query, ())
        return answer(self.as_of(), {"alerts": [plain(alert) for alert in self._alerts()]})

    async def feeds(self, request: web.Request) -> web.Response:
        """Every feed, and the same in groups."""
        require_known(request.query, ())
        feeds = self._feeds()
        return answer(self.as_of(), {"feeds": feed_documents(feeds), "summary": feed_summary(feeds)})
