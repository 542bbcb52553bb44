"""The venue without a network: calm, crash, books that add up, the same run for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from connectors.simulator.exchange import Exchange
from connectors.simulator.pushes import PrivatePush, TickPush
from connectors.simulator.settings import SimulatorSettings

START_MS = 1_790_000_000_000


def make(*, seed: int = 1, accounts: int = 300, trades_per_s: float = 2.0, **rates: float) -> Exchange:
    funding = int(rates.get("funding_interval_s", 300))
    settings = SimulatorSettings(
        accounts=accounts, seed=seed, trades_per_s=trades_per_s, funding_interval_s=funding, transfers_per_s=1.0
    )
    return Exchange(settings, START_MS)


def told(exchange: Exchange) -> Iterator[dict[str, object]]:
    for push in exchange.drain():
        if isinstance(push, PrivatePush):
            yield from push.payloads


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "fall_ratio"), [(1, 0.15), (1, 0.2), (7, 0.2)])
def test_calm_liquidates_nobody_and_a_crash_at_least_fifty_spread_out(seed: int, fall_ratio: float) -> None:
    exchange = make(seed=seed, accounts=320)
    exchange.advance_to(START_MS + 120_000)
    assert not exchange.liquidations
    exchange.schedule_crash(0, fall_ratio, 90)
    exchange.advance_to(exchange.time_ms + 100_000)
    assert len({item.account for item in exchange.liquidations}) >= 50
    assert len({item.tick for item in exchange.liquidations}) >= 15
    assert all(item.maintenance_margin >= item.equity for item in exchange.liquidations)
    assert sum(not account.liquidated for account in exchange.accounts.values()) >= 100


@pytest.mark.slow
def test_books_add_up_over_a_random_run_with_a_crash() -> None:
    exchange = make(trades_per_s=40.0, funding_interval_s=20)
    exchange.schedule_crash(30, 0.2, 60)
    exchange.advance_to(START_MS + 120_000)
    for account in exchange.accounts.values():
        for asset, balance in account.wallets.items():
            assert balance == sum(item.amount for item in account.incomes if item.asset == asset)
        for (symbol, side), position in account.positions.items():
            traded = [item for item in account.trades if (item.symbol, item.position_side) == (symbol, side)]
            signed = [(item, 1 if item.buy else -1) for item in traded]
            assert position.size == sum(sign * item.quantity for item, sign in signed)
            assert position.cost == sum(sign * item.quote + item.realised for item, sign in signed)
            assert position.size or (position.cost, position.isolated_wallet) == (0, 0)


@pytest.mark.slow
def test_the_stream_tells_what_the_account_then_holds() -> None:
    exchange = make(trades_per_s=20.0, funding_interval_s=15)
    last: dict[tuple[str, str], str] = {}
    exchange.schedule_crash(5, 0.2, 40)
    exchange.advance_to(START_MS + 60_000)
    for push in exchange.drain():
        if isinstance(push, PrivatePush):
            for payload in push.payloads:
                if payload["e"] == "ACCOUNT_UPDATE":
                    for row in orjson.loads(orjson.dumps(payload))["a"]["B"]:
                        last[(push.account, row["a"])] = row["wb"]
    assert len(last) > 100
    for (name, asset), shown in last.items():
        assert shown.replace(".", "").lstrip("0-") == str(abs(exchange.accounts[name].wallets[asset])).lstrip("0"), (
            name,
            asset,
        )


def test_the_same_seed_and_steps_give_the_same_run_and_another_seed_another() -> None:
    def run(seed: int) -> list[object]:
        exchange = make(seed=seed, accounts=60)
        exchange.schedule_crash(5, 0.2, 20)
        for at in range(250, 30_001, 250):
            exchange.advance_to(START_MS + at)
        return [*told(exchange), exchange.prices.marks, [item.as_json() for item in exchange.liquidations]]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_executions_of_a_liquidation_are_sent_after_its_prices_and_before_anything_else_of_the_account() -> None:
    """In one instant they could overtake the prices, which go to another socket."""
    exchange = make(accounts=100, trades_per_s=50.0)
    exchange.schedule_crash(1, 0.25, 20)
    told_of, later = 0, 0
    for at in range(250, 25_001, 250):
        taken_over = {item.account for item in exchange.liquidations[told_of:]}
        told_of = len(exchange.liquidations)
        exchange.advance_to(START_MS + at)
        said = exchange.drain()
        closed = [
            (push.account, push.payloads[-1]["E"])
            for push in said
            if isinstance(push, PrivatePush) and any(item.get("o", {}).get("x") == "CALCULATED" for item in push.payloads)  # type: ignore[attr-defined]
        ]
        assert {account for account, _ in closed} == taken_over
        assert all(100 <= time_ms - exchange.ticks[-1].time_ms < 250 for _, time_ms in closed)
        later += len(closed)
    assert later > 10


def test_a_liquidation_follows_the_prices_of_its_tick_and_is_marked() -> None:
    exchange = make(accounts=100)
    exchange.schedule_crash(1, 0.25, 20)
    exchange.advance_to(START_MS + 25_000)
    tick, found = 0, 0
    numbers = {(item.account, item.tick) for item in exchange.liquidations}
    for push in exchange.drain():
        if isinstance(push, TickPush):
            tick = push.prices.tick
        elif isinstance(push, PrivatePush):
            closes = [
                item["o"] for item in push.payloads if item["e"] == "ORDER_TRADE_UPDATE" and item["o"]["x"] == "CALCULATED"
            ]  # type: ignore[index]
            for order in closes:
                assert (push.account, tick) in numbers
                assert str(order["c"]).startswith("autoclose-")  # type: ignore[index]
                found += 1
    assert found >= len(numbers) > 10
