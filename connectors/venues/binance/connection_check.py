"""What `config check --connect` asks of Binance: keys, permissions, clock, tables and streams."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from connectors.check_result import CheckResult
from connectors.venues.binance.account_events import Origin
from connectors.venues.binance.addresses import (
    ALL_INDEXES,
    ALL_MARKS,
    listen_key_decoder,
    market_address,
    private_address,
)
from connectors.venues.binance.credentials import Credentials, read_credentials
from connectors.venues.binance.decoding import decode
from connectors.venues.binance.frames import ListenKeyExpired, decode_frame
from connectors.venues.binance.market_frames import AssetIndexes, MarkPrices
from connectors.venues.binance.rest_client import BinanceRest
from connectors.venues.binance.rest_tables import asset_index, instruments, leverage_brackets
from connectors.venues.binance.settings import BinanceAccountSettings, BinanceSettings
from connectors.venues.rate_gate import RateGate
from monitor.domain.account import AccountMode
from monitor.domain.errors import BadConfiguration, BadInput, Transient
from monitor.domain.ports import Clock

_OFFSET_LIMIT_NS = 250_000_000
_LISTEN_S = 10.0
_PROVES_PRIVATE_S = 1.0


class _Permissions(
    msgspec.Struct,
    rename={
        "reading": "enableReading",
        "futures": "enableFutures",
        "withdrawals": "enableWithdrawals",
        "spot_and_margin": "enableSpotAndMarginTrading",
        "internal_transfer": "enableInternalTransfer",
        "universal_transfer": "permitsUniversalTransfer",
        "margin": "enableMargin",
        "options": "enableVanillaOptions",
    },
):
    # What the answer leaves out is unknown, which is not the same as forbidden: the first four must be told.
    reading: bool
    futures: bool
    withdrawals: bool
    spot_and_margin: bool
    internal_transfer: bool = False
    universal_transfer: bool = False
    margin: bool = False
    options: bool = False


_permissions = msgspec.json.Decoder(_Permissions)
_FORBIDDEN = ("futures", "withdrawals", "spot_and_margin", "internal_transfer", "universal_transfer", "margin", "options")


async def check_connection(settings: BinanceSettings, gate: RateGate, clock: Clock) -> list[CheckResult]:
    """One line a matter; a failure of one does not keep the others from being asked."""
    async with aiohttp.ClientSession(trust_env=settings.use_environment_proxy) as session:
        rest = BinanceRest(settings, session, gate, clock)
        results = [await _clock(settings, rest)]
        keys: list[tuple[BinanceAccountSettings, Credentials]] = []
        for account in settings.accounts:
            name = f"{settings.name}:{account.name} key"
            try:
                keys.append((account, read_credentials(account)))
            except BadConfiguration as error:
                results.append(CheckResult(name=name, passed=False, detail=str(error)))
        results += [await _permitted(settings, rest, account, credentials) for account, credentials in keys]
        results += await _tables(settings, rest, keys[0][1] if keys else None)
        results.append(await _market(settings))
        results += [await _private(settings, rest, account, credentials) for account, credentials in keys]
    return results


async def _clock(settings: BinanceSettings, rest: BinanceRest) -> CheckResult:
    name = f"{settings.name} clock"
    try:
        offset_ns = await rest.measure_clock()
    except (Transient, BadInput) as error:
        return CheckResult(name=name, passed=None, detail=str(error))
    near = abs(offset_ns) <= _OFFSET_LIMIT_NS
    return CheckResult(name=name, passed=near, detail=f"venue less ours: {offset_ns / 1e6:.1f} ms (limit 250 ms)")


async def _permitted(
    settings: BinanceSettings, rest: BinanceRest, account: BinanceAccountSettings, credentials: Credentials
) -> CheckResult:
    name = f"{settings.name}:{account.name} key"
    if settings.permissions_url is None:
        return CheckResult(name=name, passed=None, detail="no permissions_url: whether the key is read-only is unknown")
    path = "/sapi/v1/account/apiRestrictions"
    try:
        answer = await rest.signed(path, credentials, base=settings.permissions_url)
        granted = decode(_permissions, answer.body, path)
    except (Transient, BadInput) as error:
        return CheckResult(name=name, passed=None, detail=f"permissions cannot be read: {error}")
    if not granted.reading:
        return CheckResult(name=name, passed=False, detail="the key may not read")
    excess = [permission for permission in _FORBIDDEN if getattr(granted, permission)]
    if excess:
        return CheckResult(name=name, passed=False, detail=f"not read-only, it also permits: {', '.join(excess)}")
    return CheckResult(name=name, passed=True, detail="read-only")


async def _tables(settings: BinanceSettings, rest: BinanceRest, credentials: Credentials | None) -> list[CheckResult]:
    name = f"{settings.name} tables"
    try:
        listed = instruments((await rest.public("/fapi/v1/exchangeInfo")).body, settings.name, name)
        _, buffers = asset_index((await rest.public("/fapi/v1/assetIndex")).body, name)
        if credentials is None:
            return [CheckResult(name=name, passed=None, detail="no account: leverage brackets need a key")]
        brackets = leverage_brackets((await rest.signed("/fapi/v1/leverageBracket", credentials)).body, name)
    except (Transient, BadInput) as error:
        return [CheckResult(name=name, passed=False, detail=str(error))]
    missing = sorted({symbol for _, symbol in listed.tables} - {symbol for _, symbol in brackets.tables})
    refused = len(listed.refused) + len(buffers.refused) + len(brackets.refused)
    detail = f"{len(listed.tables)} instruments, {len(brackets.tables)} bracket tables, {len(buffers.tables)} index buffers"
    detail += f", {refused} refused" if refused else ""
    detail += f", no brackets for {', '.join(missing[:5])}" if missing else ""
    return [CheckResult(name=name, passed=bool(listed.tables) and not refused and not missing, detail=detail)]


async def _market(settings: BinanceSettings) -> CheckResult:
    name = f"{settings.name} market stream"
    marks = indexes = 0
    try:
        async with (
            asyncio.timeout(_LISTEN_S),
            connect(
                market_address(settings.stream_url, [ALL_MARKS, ALL_INDEXES]),
                proxy=True if settings.use_environment_proxy else None,
                close_timeout=settings.close_timeout_s,
            ) as socket,
        ):
            while not (marks and indexes):
                decoded = decode_frame(await socket.recv(decode=False), 0, name)
                marks += len(decoded.rows) if isinstance(decoded, MarkPrices) else 0
                indexes += len(decoded.rows) if isinstance(decoded, AssetIndexes) else 0
    except (OSError, TimeoutError, WebSocketException, BadInput) as error:
        detail = f"{marks} mark prices, {indexes} asset indices in {_LISTEN_S:.0f} s: {type(error).__name__} {error}"
        return CheckResult(name=name, passed=False, detail=detail)
    return CheckResult(name=name, passed=True, detail=f"{marks} mark prices, {indexes} asset indices")


async def _private(
    settings: BinanceSettings, rest: BinanceRest, account: BinanceAccountSettings, credentials: Credentials
) -> CheckResult:
    """Opens the stream. It is silent while nothing happens, so that it opens and is not refused is all that can be seen."""
    name = f"{settings.name}:{account.name} private stream"
    identifier = f"{settings.name}:{account.name}"
    origin = Origin(settings.name, identifier, f"{settings.name}:check", 1, AccountMode.SINGLE_CURRENCY)
    try:
        path = "/fapi/v1/listenKey"
        key = decode(listen_key_decoder, (await rest.keyed("POST", path, credentials)).body, path).listen_key
        async with connect(
            private_address(settings.stream_url, key),
            proxy=True if settings.use_environment_proxy else None,
            open_timeout=settings.open_timeout_s,
            close_timeout=settings.close_timeout_s,
        ) as socket:
            raw = await _first_frame(socket)
        if raw is None:
            return CheckResult(name=name, passed=True, detail="open (silent, as a quiet account is)")
        if isinstance(decode_frame(raw, 1, name, origin), ListenKeyExpired):
            return CheckResult(name=name, passed=False, detail="the venue does not know the listen key")
    except (OSError, TimeoutError, WebSocketException, Transient, BadInput) as error:
        return CheckResult(name=name, passed=False, detail=f"{type(error).__name__}: {error}")
    return CheckResult(name=name, passed=True, detail="open, an event came in")


async def _first_frame(socket: ClientConnection) -> bytes | None:
    """What comes within a second, if anything does."""
    try:
        async with asyncio.timeout(_PROVES_PRIVATE_S):
            return await socket.recv(decode=False)
    except TimeoutError:
        return None
