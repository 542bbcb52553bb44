"""The websocket endpoints: /market and /private, combined and single streams, and the older paths without a prefix."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import WSMsgType, web

from connectors.simulator.authentication import ListenKeys
from connectors.simulator.exchange import Exchange
from connectors.simulator.stream_events import listen_key_expired
from connectors.simulator.stream_hub import Connection, StreamHub, framed

_CLOSE_TIMEOUT_S = 2.0


class StreamServer:
    """Takes sockets in and reads their requests; what they are sent is the hub's business."""

    def __init__(self, exchange: Exchange, hub: StreamHub, listen_keys: ListenKeys) -> None:
        self._exchange = exchange
        self._hub = hub
        self._listen_keys = listen_keys

    def routes(self) -> list[web.RouteDef]:
        """All websocket paths."""
        routes = []
        for prefix in ("/market", "/public", ""):
            routes.append(web.get(f"{prefix}/stream", self._market))
            routes.append(web.get(f"{prefix}/ws/{{stream:.*@.*}}", self._market))
        routes.append(web.get("/market/ws", self._market))
        routes.append(web.get("/private/ws", self._private))
        routes.append(web.get("/private/stream", self._private))
        routes.append(web.get("/private/ws/{key}", self._private))
        routes.append(web.get("/ws/{key}", self._private))
        return routes

    async def _market(self, request: web.Request) -> web.StreamResponse:
        wrapped = request.path.endswith("/stream")
        connection = await self._accept(request, wrapped=wrapped)
        if isinstance(connection, web.Response):
            return connection
        named = request.query.get("streams", "") if wrapped else request.match_info.get("stream", "")
        connection.streams = [name for name in named.split("/") if name]
        self._hub.market.add(connection)
        return await self._serve(connection, lambda text: self._subscribe(connection, text))

    async def _private(self, request: web.Request) -> web.StreamResponse:
        """A key that is not valid is taken, told `listenKeyExpired`, and then hears nothing."""
        connection = await self._accept(request, wrapped=request.path.endswith("/stream"))
        if isinstance(connection, web.Response):
            return connection
        key = request.match_info.get("key") or request.query.get("listenKey") or request.query.get("streams", "")
        connection.listen_key = key
        connection.events = frozenset(name for name in request.query.get("events", "").split("/") if name)
        account = self._listen_keys.account_of(key)
        if account is None:
            expired = orjson.dumps(listen_key_expired(key, self._exchange.time_ms))
            connection.send(framed(expired, connection, key))
        else:
            self._hub.add_private(account, connection)
        return await self._serve(connection, _ignore)

    async def _accept(self, request: web.Request, *, wrapped: bool) -> Connection | web.Response:
        faults = self._hub.faults
        if faults.refuse_streams:
            return web.Response(status=faults.refuse_streams, headers={"Retry-After": str(faults.retry_after_s)})
        socket = web.WebSocketResponse(autoping=False, compress=False, timeout=_CLOSE_TIMEOUT_S)
        await socket.prepare(request)
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):
            raise web.HTTPBadRequest(text="the connection is gone")
        return Connection(socket, transport, wrapped=wrapped)

    async def _serve(self, connection: Connection, handle: Callable[[str], Awaitable[None]]) -> web.WebSocketResponse:
        """Reads until the peer leaves; pings are answered here, so that a switch can stop that."""
        writer = asyncio.ensure_future(connection.write())
        try:
            async for message in connection.socket:
                if message.type is WSMsgType.PING and not self._hub.faults.mute_pings:
                    await connection.socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    await handle(message.data)
        except ConnectionError:
            pass  # the peer is gone: nobody is left to tell
        finally:
            self._hub.remove(connection)
            writer.cancel()
        return connection.socket

    async def _subscribe(self, connection: Connection, text: str) -> None:
        """SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS on a market socket."""
        try:
            request = orjson.loads(text)
            number, method, names = request["id"], request["method"], request.get("params", [])
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            connection.send(b'{"error":{"code":3,"msg":"Invalid JSON"},"id":null}')
            return
        if method == "SUBSCRIBE":
            connection.streams += [name for name in names if name not in connection.streams]
        elif method == "UNSUBSCRIBE":
            connection.streams = [name for name in connection.streams if name not in names]
        result = connection.streams if method == "LIST_SUBSCRIPTIONS" else None
        connection.send(orjson.dumps({"result": result, "id": number}))


async def _ignore(_text: str) -> None:
    """A private socket's peer has nothing to ask."""
