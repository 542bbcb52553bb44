"""The REST endpoints of the venue: checks who asks, answers from the exchange, errors in the venue's form."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

import orjson
from aiohttp import web

from connectors.simulator import rest_account, rest_market
from connectors.simulator.account import Income, SimulatedAccount, Trade
from connectors.simulator.authentication import Keys, ListenKeys, Refusal
from connectors.simulator.exchange import Exchange
from connectors.simulator.stream_hub import StreamHub

Handler = Callable[[web.Request], object]
AccountHandler = Callable[[SimulatedAccount, web.Request], object]
Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]

_WEEK_MS = 7 * 86_400_000
_FROZEN = ("/fapi/v3/account", "/fapi/v3/balance", "/fapi/v3/positionRisk")
_WEIGHTS = {
    "/fapi/v3/account": 5,
    "/fapi/v3/balance": 5,
    "/fapi/v3/positionRisk": 5,
    "/fapi/v1/userTrades": 5,
    "/fapi/v1/income": 30,
}


class RestServer:
    """All answers that are not pushed."""

    def __init__(self, exchange: Exchange, hub: StreamHub, keys: Keys, listen_keys: ListenKeys) -> None:
        self._exchange = exchange
        self._hub = hub
        self._keys = keys
        self._listen_keys = listen_keys
        self._random = random.Random(f"{exchange.settings.seed}:rest-faults")
        self._frozen: dict[tuple[str, str], bytes] = {}
        self._weight_minute = 0
        self._weight = 0
        self.requests = 0

    def routes(self) -> list[web.RouteDef]:
        """All REST paths of the venue."""
        public: dict[str, Handler] = {
            "/fapi/v1/ping": lambda _request: {},
            "/fapi/v1/time": lambda _request: {"serverTime": self.now_ms},
            "/fapi/v1/exchangeInfo": lambda _request: rest_market.exchange_info_answer(self._exchange, self.now_ms),
            "/fapi/v1/premiumIndex": self._premium_index,
            "/fapi/v1/assetIndex": self._asset_index,
        }
        signed: dict[str, AccountHandler] = {
            "/fapi/v1/leverageBracket": lambda _account, request: rest_market.leverage_bracket_rows(
                self._exchange, self._symbol(request)
            ),
            "/fapi/v3/account": lambda account, _request: rest_account.account_answer(account, self._exchange, self.shift_ms),
            "/fapi/v3/balance": lambda account, _request: rest_account.balance_answer(account, self._exchange, self.shift_ms),
            "/fapi/v3/positionRisk": lambda account, request: rest_account.position_risk_answer(
                account, self._exchange, self.shift_ms, self._symbol(request)
            ),
            "/fapi/v1/openOrders": self._open_orders,
            "/fapi/v1/userTrades": self._user_trades,
            "/fapi/v1/income": self._income,
            "/fapi/v1/multiAssetsMargin": lambda account, _request: {"multiAssetsMargin": account.multi_assets},
            "/fapi/v1/positionSide/dual": lambda account, _request: {"dualSidePosition": account.hedge},
            "/fapi/v1/symbolConfig": lambda account, request: rest_account.symbol_config_rows(
                account, self._exchange, self._symbol(request)
            ),
            "/fapi/v1/accountConfig": lambda account, _request: rest_account.account_config_answer(account),
            "/sapi/v1/account/apiRestrictions": lambda account, _request: rest_account.api_restrictions_answer(
                account, self._exchange.start_time_ms
            ),
        }
        routes = [web.get(path, self._public(handler)) for path, handler in public.items()]
        routes += [web.get(path, self._signed(path, handler)) for path, handler in signed.items()]
        routes.append(web.post("/fapi/v1/listenKey", self._with_key(self._issue_listen_key)))
        routes.append(web.put("/fapi/v1/listenKey", self._with_key(self._extend_listen_key)))
        routes.append(web.delete("/fapi/v1/listenKey", self._with_key(self._close_listen_key)))
        return routes

    @property
    def shift_ms(self) -> int:
        """By how much stated times are wrong."""
        return self._hub.faults.clock_shift_ms

    @property
    def now_ms(self) -> int:
        """The time that the venue states."""
        return self._exchange.time_ms + self.shift_ms

    def freeze(self) -> None:
        """Keeps the account answers of this moment, to be served while `stale_rest` is on."""
        self._frozen = {
            (account.name, path): orjson.dumps(answer)
            for account in self._exchange.accounts.values()
            for path, answer in (
                (_FROZEN[0], rest_account.account_answer(account, self._exchange, self.shift_ms)),
                (_FROZEN[1], rest_account.balance_answer(account, self._exchange, self.shift_ms)),
                (_FROZEN[2], rest_account.position_risk_answer(account, self._exchange, self.shift_ms)),
            )
        }

    def thaw(self) -> None:
        """Forgets the kept answers."""
        self._frozen = {}

    def _public(self, handler: Handler) -> Endpoint:
        async def answer(request: web.Request) -> web.StreamResponse:
            return self._answer(request, lambda: orjson.dumps(handler(request)))

        return answer

    def _signed(self, path: str, handler: AccountHandler) -> Endpoint:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = await request.text()
            return self._answer(request, lambda: self._signed_body(request, body, path, handler))

        return answer

    def _signed_body(self, request: web.Request, body: str, path: str, handler: AccountHandler) -> bytes:
        query = request.raw_path.partition("?")[2]
        account = self._keys.signer(request.headers.get("X-MBX-APIKEY", ""), query + body, self.now_ms)
        frozen = self._frozen.get((account.name, path))
        return frozen if frozen is not None else orjson.dumps(handler(account, request))

    def _with_key(self, handler: Callable[[str], object]) -> Endpoint:
        async def answer(request: web.Request) -> web.StreamResponse:
            key = request.headers.get("X-MBX-APIKEY", "")
            return self._answer(request, lambda: orjson.dumps(handler(self._keys.owner(key).name)))

        return answer

    def _answer(self, request: web.Request, make: Callable[[], bytes]) -> web.Response:
        """The answer, or the refusal, with the weight used in this minute; a fault may refuse or cut instead."""
        self.requests += 1
        faults = self._hub.faults
        if faults.cut_rest_ratio and self._random.random() < faults.cut_rest_ratio and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)
        headers = {"X-MBX-USED-WEIGHT-1M": str(self._count_weight(request.path))}
        try:
            self._refuse(faults.refuse_rest)
            return web.Response(body=make(), content_type="application/json", headers=headers)
        except Refusal as refusal:
            if refusal.status in {418, 429}:
                headers["Retry-After"] = str(faults.retry_after_s)
            body = orjson.dumps({"code": refusal.code, "msg": refusal.text})
            return web.Response(status=refusal.status, body=body, content_type="application/json", headers=headers)

    def _count_weight(self, path: str) -> int:
        minute = self._exchange.time_ms // 60_000
        if minute != self._weight_minute:
            self._weight_minute, self._weight = minute, 0
        self._weight += _WEIGHTS.get(path, 1)
        return self._weight

    def _refuse(self, switched: int) -> None:
        limit = self._exchange.settings.weight_limit_per_minute
        if switched == 418:
            raise Refusal(418, -1003, "Way too many requests; IP banned.")
        if switched == 429 or (limit is not None and self._weight > limit):
            raise Refusal(429, -1003, "Too many requests; current limit is exceeded.")
        if switched == 403:
            raise Refusal(403, -1, "Forbidden")
        if switched:
            raise Refusal(switched, -1001, "Internal error; unable to process your request. Please try again.")

    def _symbol(self, request: web.Request, *, needed: bool = False) -> str:
        symbol = request.query.get("symbol", "")
        if symbol and symbol not in self._exchange.catalogue.instruments:
            raise Refusal(400, -1121, "Invalid symbol.")
        if needed and not symbol:
            raise Refusal(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        return symbol

    def _premium_index(self, request: web.Request) -> object:
        symbol = self._symbol(request)
        rows = rest_market.premium_index_rows(self._exchange, symbol, self.shift_ms)
        return rows[0] if symbol else rows

    def _asset_index(self, request: web.Request) -> object:
        symbol = request.query.get("symbol", "")
        rows = rest_market.asset_index_rows(self._exchange, symbol, self.shift_ms)
        if not rows:
            raise Refusal(400, -1121, "Invalid symbol.")
        return rows[0] if symbol else rows

    def _open_orders(self, account: SimulatedAccount, request: web.Request) -> object:
        symbol = self._symbol(request)
        orders = [item for item in account.orders.values() if not symbol or item.symbol == symbol]
        return rest_account.order_rows(orders, self.shift_ms)

    def _user_trades(self, account: SimulatedAccount, request: web.Request) -> object:
        """By id from `fromId`, or by time (`startTime`, `endTime`, seven days at most); without either the newest ones."""
        symbol = self._symbol(request, needed=True)
        limit = _number(request, "limit", 500, most=1000)
        trades: Sequence[Trade] = [item for item in account.trades if item.symbol == symbol]
        if "fromId" in request.query:
            first = _number(request, "fromId", 0)
            trades = [item for item in trades if item.trade_id >= first][:limit]
        elif "startTime" in request.query or "endTime" in request.query:
            start, end = self._span(request)
            trades = [item for item in trades if start <= item.time_ms <= end][:limit]
        else:
            trades = trades[-limit:]
        return rest_account.trade_rows(trades, self.shift_ms)

    def _income(self, account: SimulatedAccount, request: web.Request) -> object:
        limit = _number(request, "limit", 100, most=1000)
        kind, symbol = request.query.get("incomeType", ""), self._symbol(request)
        rows: Sequence[Income] = [
            item for item in account.incomes if (not kind or item.kind == kind) and (not symbol or item.symbol == symbol)
        ]
        if "startTime" in request.query or "endTime" in request.query:
            start, end = self._span(request)
            rows = [item for item in rows if start <= item.time_ms <= end]
        page = _number(request, "page", 1)
        return rest_account.income_rows(rows[(max(1, page) - 1) * limit :][:limit], self.shift_ms)

    def _span(self, request: web.Request) -> tuple[int, int]:
        end = _number(request, "endTime", self.now_ms)
        start = _number(request, "startTime", end - _WEEK_MS)
        if "endTime" not in request.query:
            end = max(end, start)
            end = min(start + _WEEK_MS, self._exchange.time_ms + abs(self.shift_ms) + 60_000)
        if end - start > _WEEK_MS:
            raise Refusal(400, -4166, "Search window is restricted to recent 7 days only.")
        return start - self.shift_ms, end - self.shift_ms

    def _issue_listen_key(self, account: str) -> object:
        return {"listenKey": self._listen_keys.issue(account, self._exchange.time_ms)}

    def _extend_listen_key(self, account: str) -> object:
        return {"listenKey": self._listen_keys.extend(account, self._exchange.time_ms)}

    def _close_listen_key(self, account: str) -> object:
        self._listen_keys.close(account)
        return {}


def _number(request: web.Request, name: str, otherwise: int, *, most: int | None = None) -> int:
    text = request.query.get(name, "")
    if not text:
        return otherwise
    if not text.isdecimal():
        raise Refusal(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return int(text) if most is None else min(int(text), most)
