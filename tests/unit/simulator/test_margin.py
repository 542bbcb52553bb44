"""The simulator's margin code against figures worked by hand or published by the venue."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from connectors.simulator.account import SimulatedAccount
from connectors.simulator.catalogue import BracketTable, Catalogue, load_catalogue
from connectors.simulator.fixed_point import UNIT, divide_half_even, fixed, text_of
from connectors.simulator.ledger import Execution, apply_execution
from connectors.simulator.liquidation_price import liquidation_price
from connectors.simulator.margin import pool_values
from connectors.simulator.market import Prices

# Binance calculator example, as carried in freqtrade's tests (c9ae5e1e, test_liquidation_price_binance): two longs in one pool.
WALLET, BTC_MARK, ETH_MARK = "1535443.01", "31967.27", "1335.18"
BTC_STEPS = [
    (0, 50000, 125, "0.004"),
    (50000, 250000, 100, "0.005"),
    (250000, 1000000, 50, "0.01"),
    (1000000, 10000000, 20, "0.025"),
]
ETH_STEPS = [
    (0, 10000, 100, "0.005"),
    (10000, 100000, 75, "0.0065"),
    (100000, 500000, 50, "0.01"),
    (500000, 1000000, 25, "0.02"),
    (1000000, 2000000, 10, "0.05"),
    (2000000, 5000000, 5, "0.1"),
    (5000000, 10000000, 4, "0.125"),
]


def catalogue() -> Catalogue:
    listed = load_catalogue(1_790_000_000_000)
    tables = {"BTCUSDT": BracketTable.of(BTC_STEPS), "ETHUSDT": BracketTable.of(ETH_STEPS)}
    instruments = {
        name: replace(listed.instruments[name], brackets=table, tick=fixed("0.01")) for name, table in tables.items()
    }
    return Catalogue(instruments, listed.assets)


def prices(**marks: str) -> Prices:
    usd = {"USDT": UNIT, "USDC": UNIT, "BTC": fixed("31967.27"), "ETH": fixed("1335.18"), "BNB": UNIT}
    return Prices(1, 0, {name: fixed(text) for name, text in marks.items()}, {}, usd)


def account(wallet: str, *positions: tuple[str, str, str], multi_assets: bool = False) -> SimulatedAccount:
    listed, made = catalogue(), SimulatedAccount(name="a", api_key="", api_secret="", multi_assets=multi_assets, hedge=False)
    for symbol, size, entry in positions:
        execution = Execution(
            instrument=listed.instruments[symbol],
            buy=not size.startswith("-"),
            position_side="BOTH",
            quantity=abs(fixed(size)),
            price=fixed(entry),
            fee=0,
        )
        apply_execution(made, execution, 0)
    made.wallets["USDT"] = fixed(wallet)
    return made


TWO_LONGS = (("BTCUSDT", "109.488", "32481.98"), ("ETHUSDT", "3683.979", "1456.84"))


def test_two_longs_of_the_calculator_share_one_pool() -> None:
    [value] = pool_values(account(WALLET, *TWO_LONGS), prices(BTCUSDT=BTC_MARK, ETHUSDT=ETH_MARK), catalogue())
    # by hand: wallet + 109.488 * (31967.27 - 32481.98) + 3683.979 * (1335.18 - 1456.84),
    # and 2.5 % less 16300 plus 10 % less 135365
    assert value.pool == "cross/USDT"
    assert text_of(value.equity, scale=24, places=5) == "1030895.55638"
    assert text_of(value.maintenance, scale=24, places=5) == "427713.31956"
    assert not value.is_liquidatable


@pytest.mark.parametrize(("symbol", "published"), [("BTCUSDT", "26316.89"), ("ETHUSDT", "1153.26")])
def test_liquidation_prices_are_those_of_the_calculator(symbol: str, published: str) -> None:
    held = account(WALLET, *TWO_LONGS)
    at = prices(BTCUSDT=BTC_MARK, ETHUSDT=ETH_MARK)
    found = liquidation_price(held, held.positions[(symbol, "BOTH")], at, catalogue())
    assert abs(found - fixed(published)) <= fixed("0.005")


def test_a_pool_is_closed_at_its_liquidation_price_and_not_one_unit_before() -> None:
    held = account(WALLET, *TWO_LONGS)
    found = liquidation_price(
        held, held.positions[("BTCUSDT", "BOTH")], prices(BTCUSDT=BTC_MARK, ETHUSDT=ETH_MARK), catalogue()
    )
    closed = [
        pool_values(held, prices(BTCUSDT=text_of(found + more), ETHUSDT=ETH_MARK), catalogue())[0].is_liquidatable
        for more in (0, 1)
    ]
    assert closed == [True, False]


def test_balance_equal_to_maintenance_is_liquidated() -> None:
    at = prices(BTCUSDT="10000", ETHUSDT="1")
    exact, above = (account(wallet, ("BTCUSDT", "1", "10000")) for wallet in ("40", "40.00000001"))
    assert pool_values(exact, at, catalogue())[0].is_liquidatable
    assert not pool_values(above, at, catalogue())[0].is_liquidatable


def test_multi_assets_counts_coins_at_the_bid_and_debts_at_the_ask() -> None:
    held = account("-100", ("BTCUSDT", "1", "10000"), multi_assets=True)
    held.wallets["BNB"] = fixed("1000")
    [value] = pool_values(held, prices(BTCUSDT="10000", ETHUSDT="1"), catalogue())
    # 1000 BNB at 1 * (1 - 6 %) less 100 USDT at 1 * (1 + 0.01 %); maintenance 40 USDT at the ask
    assert (value.pool, value.currency) == ("cross", "USD")
    assert text_of(value.equity, scale=40, places=8) == "839.99000000"
    assert text_of(value.maintenance, scale=40, places=8) == "40.00400000"


def test_a_flip_realises_the_closed_part_and_opens_the_rest() -> None:
    held = account("0", ("BTCUSDT", "2", "100"))
    execution = Execution(
        instrument=catalogue().instruments["BTCUSDT"],
        buy=False,
        position_side="BOTH",
        quantity=fixed(3),
        price=fixed(110),
        fee=fixed("0.5"),
    )
    realised = apply_execution(held, execution, 1)
    position = held.positions[("BTCUSDT", "BOTH")]
    assert (realised, held.wallets["USDT"]) == (fixed(20), fixed("19.5"))
    assert (position.size, position.cost) == (fixed(-1), fixed(-110))


def test_an_isolated_position_is_closed_by_its_own_wallet() -> None:
    held = account("1000000", ("BTCUSDT", "1", "10000"))
    position = held.positions[("BTCUSDT", "BOTH")]
    position.isolated, position.isolated_wallet = True, fixed("500")
    for mark, closed in (("9540", False), ("9530", True)):  # 500 - 460 = 40 > 38.16; 500 - 470 = 30 < 38.12
        [value] = pool_values(held, prices(BTCUSDT=mark, ETHUSDT="1"), catalogue())
        assert (value.pool, value.is_liquidatable) == ("isolated/BTCUSDT", closed)


def test_every_table_is_continuous_and_rises() -> None:
    for instrument in load_catalogue(1_790_000_000_000).instruments.values():
        steps = instrument.brackets.brackets
        for before, after in pairwise(steps):
            edge = after.floor
            assert edge * before.maintenance_rate - before.cum == edge * after.maintenance_rate - after.cum
            assert after.leverage < before.leverage


@pytest.mark.parametrize(("numerator", "quotient"), [(5, 2), (15, 8), (-5, -2), (-15, -8), (7, 4), (-7, -4)])
def test_half_goes_to_even(numerator: int, quotient: int) -> None:
    assert divide_half_even(numerator, 2 if numerator in {5, 15, -5, -15, 7, -7} else 1) == quotient
