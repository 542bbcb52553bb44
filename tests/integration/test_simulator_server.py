"""The simulated venue over real sockets: shapes of the wire, signatures, and each fault switch."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from connectors.simulator import SimulatedVenue, SimulatorSettings
from connectors.simulator.account import SimulatedAccount
from tests.support.requirements import shared_folder

START_MS = 1_790_000_000_000
QUIET = {"orders_per_s": 0.0, "setting_changes_per_s": 0.0}


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[tuple[SimulatedVenue, aiohttp.ClientSession]]:
    given = (
        {"accounts": 8, "seed": 5, "start_time_ms": START_MS, "trades_per_s": 0.0, "transfers_per_s": 0.0} | QUIET | settings
    )
    venue = SimulatedVenue(SimulatorSettings(**given))
    await venue.start()
    try:
        async with aiohttp.ClientSession(venue.rest_url) as client:
            yield venue, client
    finally:
        await venue.stop()


async def signed(
    venue: SimulatedVenue, client: aiohttp.ClientSession, account: SimulatedAccount, path: str, **query: object
) -> tuple[int, Any]:
    text = urlencode({**query, "timestamp": venue.time_ms})
    signature = hmac.new(account.api_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    async with client.get(f"{path}?{text}&signature={signature}", headers={"X-MBX-APIKEY": account.api_key}) as answer:
        return answer.status, orjson.loads(await answer.read())


async def listen(
    venue: SimulatedVenue, client: aiohttp.ClientSession, account: SimulatedAccount, events: str = ""
) -> ClientConnection:
    async with client.post("/fapi/v1/listenKey", headers={"X-MBX-APIKEY": account.api_key}) as answer:
        key = (await answer.json())["listenKey"]
    socket = await connect(f"{venue.stream_url}/private/ws?listenKey={key}&events={events}")
    await socket.ping()
    return socket


def trade(venue: SimulatedVenue, account: SimulatedAccount) -> None:
    """One small trade, published at once."""
    position = next(iter(account.open_positions()))
    instrument = venue.exchange.catalogue.instruments[position.symbol]
    venue.exchange.desk.trade(
        account,
        position.symbol,
        buy=True,
        position_side=position.side,
        quantity=instrument.step,
        price=instrument.to_tick(venue.exchange.prices.marks[position.symbol]),
        time_ms=venue.time_ms,
    )
    venue.step(0)


async def received(socket: ClientConnection) -> Any:
    return orjson.loads(await asyncio.wait_for(socket.recv(), 5))


async def nothing_more(venue: SimulatedVenue, socket: ClientConnection) -> None:
    """A ping is answered after all that was sent before it: what is not there then never was."""
    await asyncio.wait_for(await socket.ping(), 5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(socket.recv(), 0.05)


def same_shape(ours: Any, wire: Any, where: str) -> None:
    """Every field of the captured message is in ours, with the same JSON type."""
    assert type(ours) is type(wire), where
    if isinstance(wire, dict):
        for name, value in wire.items():
            assert name in ours, f"{where}.{name}"
            same_shape(ours[name], value, f"{where}.{name}")
    elif isinstance(wire, list) and wire:
        same_shape(ours[0], wire[0], f"{where}[0]")


def wire(name: str, line: int = 0) -> Any:
    return orjson.loads((shared_folder() / "wire" / "binance_usdm" / name).read_bytes().splitlines()[line])


async def test_messages_have_the_fields_of_the_wire() -> None:
    async with running() as (venue, client):
        account = venue.accounts[0]
        market = await connect(
            f"{venue.stream_url}/market/stream?streams=!markPrice@arr@1s/!assetIndex@arr/btcusdt@markPrice@1s"
        )
        private = await listen(venue, client, account)
        venue.step(1)
        got = {}
        for _ in range(3):
            message = await received(market)
            got[message["stream"]] = message
        same_shape(got["!markPrice@arr@1s"], wire("all_markPrice_arr.cmp.jsonl"), "marks")
        same_shape(got["!assetIndex@arr"], wire("AssetIndex.jkorf.jsonl"), "indices")
        same_shape(got["btcusdt@markPrice@1s"], wire("markPrice.cmp.jsonl"), "mark")
        assert len({row["E"] for row in got["!markPrice@arr@1s"]["data"]}) == 1
        trade(venue, account)
        lite, update, order = [await received(private) for _ in range(3)]
        same_shape(lite, wire("TradeUpdate.jkorf.jsonl")["data"], "lite")
        same_shape(update, wire("ACCOUNT_UPDATE.issue.jsonl"), "update")
        same_shape(order, wire("ORDER_TRADE_UPDATE.issue.jsonl"), "order")
        await asyncio.gather(market.close(), private.close())


async def test_stream_and_rest_agree_after_a_trade() -> None:
    async with running() as (venue, client):
        account = venue.accounts[1]
        private = await listen(venue, client, account, "ACCOUNT_UPDATE/ORDER_TRADE_UPDATE")
        trade(venue, account)
        update, order = await received(private), (await received(private))["o"]
        [row] = update["a"]["P"]
        status, risk = await signed(venue, client, account, "/fapi/v3/positionRisk", symbol=row["s"])
        [found] = [item for item in risk if item["positionSide"] == row["ps"]]
        assert (status, found["positionAmt"], found["entryPrice"], found["updateTime"]) == (
            200,
            row["pa"],
            row["ep"],
            update["T"],
        )
        _, figures = await signed(venue, client, account, "/fapi/v3/account")
        wallets = {item["asset"]: item["walletBalance"] for item in figures["assets"]}
        assert {item["a"]: item["wb"] for item in update["a"]["B"]}.items() <= wallets.items()
        _, trades = await signed(venue, client, account, "/fapi/v1/userTrades", symbol=row["s"], fromId=order["t"])
        assert [(item["id"], item["commission"], item["realizedPnl"]) for item in trades] == [
            (order["t"], order["n"], order["rp"])
        ]
        await private.close()


async def test_a_request_that_is_not_signed_right_is_refused() -> None:
    async with running() as (venue, client):
        account = venue.accounts[0]
        headers = {"X-MBX-APIKEY": account.api_key}
        cases = [
            ({}, f"timestamp={venue.time_ms}&signature=00", -2014),
            ({"X-MBX-APIKEY": "no"}, f"timestamp={venue.time_ms}&signature=00", -2015),
            (headers, f"timestamp={venue.time_ms}&signature=00", -1022),
            (headers, f"timestamp={venue.time_ms}", -1102),
        ]
        for given, query, code in cases:
            async with client.get(f"/fapi/v3/account?{query}", headers=given) as answer:
                assert (await answer.json())["code"] == code
        old = urlencode({"timestamp": venue.time_ms - 6000})
        signature = hmac.new(account.api_secret.encode(), old.encode(), hashlib.sha256).hexdigest()
        async with client.get(f"/fapi/v3/account?{old}&signature={signature}", headers=headers) as answer:
            assert (await answer.json())["code"] == -1021
        status, allowed = await signed(venue, client, account, "/sapi/v1/account/apiRestrictions")
        assert (status, allowed["enableReading"], allowed["enableFutures"], allowed["enableWithdrawals"]) == (
            200,
            True,
            False,
            False,
        )


async def test_switches_of_the_private_stream() -> None:
    async with running() as (venue, client):
        account = venue.accounts[0]
        private = await listen(venue, client, account, "ORDER_TRADE_UPDATE")
        for switch in ("silent_private", "drop_fills_ratio"):
            venue.set_faults(**{switch: 1.0 if switch.endswith("ratio") else True})
            trade(venue, account)
            await nothing_more(venue, private)
            venue.set_faults(**{switch: 0.0 if switch.endswith("ratio") else False})
        symbol = account.trades[-1].symbol
        _, trades = await signed(venue, client, account, "/fapi/v1/userTrades", symbol=symbol)
        assert len(trades) >= 3  # REST has what the stream lost
        venue.set_faults(duplicate_ratio=1.0)
        trade(venue, account)
        assert await received(private) == await received(private)
        venue.set_faults(duplicate_ratio=0.0, bad_json_ratio=1.0)
        trade(venue, account)
        torn = [await private.recv() for _ in range(4)]
        good = []
        for frame in torn:
            try:
                good.append(orjson.loads(frame)["e"])
            except orjson.JSONDecodeError:
                continue
        assert good == ["ORDER_TRADE_UPDATE"]
        await private.close()


async def test_a_silent_market_still_answers_pings_unless_they_are_muted() -> None:
    async with running() as (venue, _client):
        market = await connect(f"{venue.stream_url}/market/stream?streams=!markPrice@arr@1s", ping_interval=None)
        venue.set_faults(silent_market=True)
        venue.step(1)
        await nothing_more(venue, market)
        venue.set_faults(mute_pings=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(await market.ping(), 0.1)
        venue.set_faults(silent_market=False, mute_pings=False)
        venue.step(1)
        assert (await received(market))["data"]
        await market.close()


async def test_cut_refusal_stale_answers_shifted_clock_and_expired_keys() -> None:
    async with running() as (venue, client):
        account = venue.accounts[0]
        private = await listen(venue, client, account)
        _, before = await signed(venue, client, account, "/fapi/v3/account")
        venue.set_faults(stale_rest=True)
        trade(venue, account)
        assert (await signed(venue, client, account, "/fapi/v3/account"))[1] == before
        venue.set_faults(stale_rest=False)
        assert (await signed(venue, client, account, "/fapi/v3/account"))[1] != before
        for status in (403, 418, 429):
            venue.set_faults(refuse_rest=status, refuse_streams=status)
            async with client.get("/fapi/v1/ping") as answer:
                assert (answer.status, "Retry-After" in answer.headers) == (status, status != 403)
            with pytest.raises(InvalidStatus):
                await connect(f"{venue.stream_url}/market/stream?streams=!markPrice@arr")
        venue.set_faults(refuse_rest=0, refuse_streams=0, clock_shift_ms=5000)
        async with client.get("/fapi/v1/time") as answer:
            assert (await answer.json())["serverTime"] == venue.time_ms + 5000
        venue.set_faults(clock_shift_ms=0)
        assert venue.expire_listen_keys({account.name}) == 1
        while (await received(private))["e"] != "listenKeyExpired":
            pass
        trade(venue, account)
        await nothing_more(venue, private)
        again = await listen(venue, client, account)
        assert venue.cut("private") == 1
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(again.recv(), 5)
        await private.close()


async def test_the_crash_is_started_and_the_liquidations_are_read_by_rest() -> None:
    async with running(accounts=60) as (venue, client):
        async with client.post("/simulator/crash", json={"start_in_s": 1, "fall_ratio": 0.25, "duration_s": 20}) as answer:
            assert (await answer.json()) == {"startTime": START_MS + 1000}
        venue.step(25)
        async with client.get("/simulator/liquidations") as answer:
            listed = await answer.json()
        assert listed == [item.as_json() for item in venue.liquidations]
        assert len(listed) > 10
        async with client.get("/simulator/ticks?from=20") as answer:
            ticks = await answer.json()
        assert [item["tick"] for item in ticks] == [20, 21, 22, 23, 24, 25]
        async with client.post("/simulator/faults", json={"silent_markt": True}) as answer:
            assert answer.status == 400
            assert "silent_markt" in (await answer.json())["error"]
