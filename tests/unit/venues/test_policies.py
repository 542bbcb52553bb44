"""Backoff, the venue's gate, keys and settings, on a clock that the test moves."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec
import pytest

from connectors.venues.backoff import Backoff
from connectors.venues.binance.addresses import market_address, market_streams, private_address
from connectors.venues.binance.credentials import Credentials, read_credentials
from connectors.venues.binance.settings import BinanceAccountSettings, BinanceSettings
from connectors.venues.rate_gate import RateGate
from connectors.venues.socket_feed import retry_after_s
from monitor.domain.errors import BadConfiguration


class _Time:
    """A clock whose sleep moves it."""

    def __init__(self) -> None:
        self.ns = 1_700_000_040_000_000_000  # a whole minute

    def now_ns(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        self.ns += int(seconds * 1e9) + 1

    @property
    def passed_s(self) -> float:
        return (self.ns - 1_700_000_040_000_000_000) / 1e9


def test_pauses_stay_below_a_bound_that_doubles_up_to_the_cap() -> None:
    backoff = Backoff(0.5, 8.0, Random(1))
    pauses = [backoff.next_s() for _ in range(200)]
    for pause, bound in zip(pauses, [0.5, 1, 2, 4, *[8] * 196], strict=True):
        assert 0 <= pause <= bound
    assert max(pauses) > 7
    backoff.reset()
    assert backoff.next_s() <= 0.5


async def test_requests_wait_for_the_next_minute_when_the_weight_is_spent() -> None:
    time = _Time()
    gate = RateGate(time, 10, 100, time.sleep)
    await gate.request(6)
    await gate.request(4)
    assert time.passed_s == 0
    await gate.request(1)
    assert 60 <= time.passed_s < 61


async def test_the_venues_own_count_corrects_ours() -> None:
    time = _Time()
    gate = RateGate(time, 10, 100, time.sleep)
    gate.note_used(10)
    await gate.request(1)
    assert time.passed_s >= 60


async def test_a_stop_holds_requests_and_handshakes_and_a_shorter_one_does_not_end_it() -> None:
    time = _Time()
    gate = RateGate(time, 10, 100, time.sleep)
    gate.block(120, "HTTP 418")
    gate.block(5, "HTTP 429")
    assert gate.blocked_reason == "HTTP 418"
    await gate.connect()
    assert time.passed_s >= 120
    assert gate.blocked_reason == ""


async def test_handshakes_have_a_budget_in_five_minutes() -> None:
    time = _Time()
    gate = RateGate(time, 10, 2, time.sleep)
    for _ in range(3):
        await gate.connect()
    assert 300 <= time.passed_s < 301


@pytest.mark.parametrize(("header", "status", "seconds"), [("7", 429, 7), ("0", 429, 1), (None, 418, 120), ("soon", 403, 300)])
def test_retry_after_is_obeyed_and_its_absence_is_cautious(header: str | None, status: int, seconds: float) -> None:
    assert retry_after_s(header, status) == seconds


def test_the_signature_is_the_one_of_the_venues_document() -> None:
    # The example of a signed order in "General Info" of the venue's USDⓈ-M documentation.
    query = "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943"
    secret = b"2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
    assert Credentials("k", secret).sign(query) == "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"


def test_a_key_comes_from_variable_or_file_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_KEY", "public-part")
    file = tmp_path / "secret"
    file.write_text("private-part\n")
    credentials = read_credentials(BinanceAccountSettings(name="desk", key_env="DESK_KEY", secret_file=str(file)))
    assert (credentials.key, credentials.secret) == ("public-part", b"private-part")
    assert "part" not in repr(credentials)
    monkeypatch.delenv("DESK_KEY")
    with pytest.raises(BadConfiguration, match="DESK_KEY"):
        read_credentials(BinanceAccountSettings(name="desk", key_env="DESK_KEY", secret_file=str(file)))


@pytest.mark.parametrize(
    "values",
    [
        {"rest_url": "ftp://x"},
        {"request_concurrency": 0},
        {"listen_key_renewal_s": 3600.0},
        {"rotate_after_s": 90000.0},
        {"accounts": [{"name": "a b", "key_env": "K", "secret_env": "S"}]},
        {"accounts": [{"name": "a", "key_env": "K", "key_file": "f", "secret_env": "S"}]},
        {"accounts": [{"name": "a", "key_env": "K"}]},
        {"accounts": [{"name": "a", "key_env": "K", "secret_env": "S"}] * 2},
    ],
)
def test_settings_that_cannot_work_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(BadConfiguration):
        msgspec.convert(values, BinanceSettings)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"rest_uri": "https://x"}, BinanceSettings)


def test_symbols_are_spread_over_sockets_with_the_indices_on_the_first() -> None:
    assert market_streams(None, 2) == [["!markPrice@arr@1s", "!assetIndex@arr"]]
    assert market_streams(["A", "B", "C"], 2) == [
        ["!assetIndex@arr", "a@markPrice@1s", "b@markPrice@1s"],
        ["c@markPrice@1s"],
    ]
    assert market_address("wss://h", ["a", "b"]) == "wss://h/market/stream?streams=a/b"
    assert private_address("wss://h", "k").startswith("wss://h/private/ws?listenKey=k&events=ORDER_TRADE_UPDATE/")
