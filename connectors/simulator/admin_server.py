"""The controls of the simulation, which no venue has: crash, faults, cuts, and the log of what happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from connectors.simulator.exchange import Exchange
from connectors.simulator.fixed_point import text_of
from connectors.simulator.rest_server import RestServer
from connectors.simulator.stream_hub import StreamHub

Body = dict[str, object]


class AdminServer:
    """`/simulator/...`: reached from loopback only, as the whole venue is."""

    def __init__(self, exchange: Exchange, hub: StreamHub, rest: RestServer, expire: Callable[[set[str]], int]) -> None:
        self._exchange = exchange
        self._hub = hub
        self._rest = rest
        self._expire = expire

    def routes(self) -> list[web.RouteDef]:
        """All admin paths."""
        return [
            web.get("/simulator/status", self._status),
            web.get("/simulator/liquidations", self._liquidations),
            web.get("/simulator/ticks", self._ticks),
            web.get("/simulator/faults", self._faults),
            web.post("/simulator/faults", self._posted(self._set_faults)),
            web.post("/simulator/crash", self._posted(self._crash)),
            web.post("/simulator/cut", self._posted(self._cut)),
            web.post("/simulator/expire-listen-keys", self._posted(self._expire_keys)),
        ]

    async def _status(self, _request: web.Request) -> web.Response:
        exchange = self._exchange
        return _json(
            {
                "time": exchange.time_ms,
                "startTime": exchange.start_time_ms,
                "tick": exchange.prices.tick,
                "accounts": len(exchange.accounts),
                "liquidations": len(exchange.liquidations),
                "marketSockets": len(self._hub.market),
                "privateSockets": len(self._hub.connections("private")),
                "messagesPushed": self._hub.pushed,
                "restRequests": self._rest.requests,
                "phases": [
                    {
                        "kind": item.kind.value,
                        "startTime": exchange.start_time_ms + round(item.start_s * 1000),
                        "duration_s": item.duration_s,
                        "move_ratio": item.move_ratio,
                    }
                    for item in exchange.market.phases
                ],
            }
        )

    async def _liquidations(self, _request: web.Request) -> web.Response:
        return _json([item.as_json() for item in self._exchange.liquidations])

    async def _ticks(self, request: web.Request) -> web.Response:
        """Prices by tick from `?from=` on; the newest `kept_ticks` are there."""
        first = request.query.get("from", "0")
        if not first.isdecimal():
            return _json({"error": f"from = {first!r}: must be a tick number"}, status=400)
        return _json(
            [
                {
                    "tick": item.tick,
                    "time": item.time_ms,
                    "marks": {name: text_of(value) for name, value in item.marks.items()},
                    "assetIndices": {name: text_of(value) for name, value in item.asset_indices.items()},
                }
                for item in self._exchange.ticks
                if item.tick >= int(first)
            ]
        )

    async def _faults(self, _request: web.Request) -> web.Response:
        return _json(self._hub.faults.as_json())

    def set_faults(self, wanted: Body) -> None:
        """Sets switches by name; ValueError says which is unknown or wrong."""
        before = self._hub.faults
        self._hub.faults = before.changed(wanted)
        if self._hub.faults.stale_rest and not before.stale_rest:
            self._rest.freeze()
        elif not self._hub.faults.stale_rest:
            self._rest.thaw()

    def _set_faults(self, body: Body) -> object:
        self.set_faults(body)
        return self._hub.faults.as_json()

    def _crash(self, body: Body) -> object:
        numbers = {name: _number(body, name) for name in ("start_in_s", "fall_ratio", "duration_s")}
        phase = self._exchange.schedule_crash(**numbers)
        return {"startTime": self._exchange.start_time_ms + round(phase.start_s * 1000)}

    def _cut(self, body: Body) -> object:
        kind = body.get("kind", "all")
        if kind not in {"market", "private", "all"}:
            raise ValueError(f"kind = {kind!r}: must be market, private or all")
        return {"cut": self.cut(str(kind))}

    def cut(self, kind: str) -> int:
        """Cuts all sockets of a kind without a closing handshake; returns how many."""
        connections = self._hub.connections(kind)
        for connection in connections:
            connection.transport.abort()
        return len(connections)

    def _expire_keys(self, body: Body) -> object:
        names = body.get("accounts", list(self._exchange.accounts))
        if not isinstance(names, list):
            raise ValueError(f"accounts = {names!r}: must be a list of names")  # noqa: TRY004  # answered as a bad value
        return {"expired": self._expire({str(name) for name in names})}

    def _posted(self, act: Callable[[Body], object]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            raw = await request.read()
            try:
                return _json(act(_body(raw)))
            except ValueError as error:
                return _json({"error": str(error)}, status=400)

        return answer


def _body(raw: bytes) -> Body:
    body = orjson.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004  # answered as a bad value by the caller
    return body


def _number(body: Body, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} = {value!r}: a number is needed")  # noqa: TRY004  # answered as a bad value by the caller
    return float(value)


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json", status=status)
