"""The few REST answers that the Binance connector needs for market data alone: the time, and no tables (Kafka has them)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def quiet_rest(port: int) -> AsyncIterator[str]:
    """Serve on loopback; yields the base URL."""
    application = web.Application()
    application.router.add_get("/fapi/v1/time", _time)
    application.router.add_get("/fapi/v1/exchangeInfo", _exchange_info)
    application.router.add_get("/fapi/v1/assetIndex", _asset_index)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def _time(_request: web.Request) -> web.Response:
    return web.json_response({"serverTime": time.time_ns() // 1_000_000})


async def _exchange_info(_request: web.Request) -> web.Response:
    return web.json_response({"symbols": []})


async def _asset_index(_request: web.Request) -> web.Response:
    return web.json_response([])
