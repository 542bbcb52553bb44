"""The accounts: seeded books of many kinds, each given the balance that puts its end at a chosen distance.

A distance is a move of the common factor: the account would be liquidated after BTC fell (or rose) by that ratio and all
else moved by its beta, with no noise. What really happens to it is decided tick by tick.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import Enum

from connectors.simulator.account import RestingOrder, SimulatedAccount
from connectors.simulator.desk import Desk
from connectors.simulator.fixed_point import UNIT
from connectors.simulator.margin import maintenance_24, unrealised_pnl_16
from connectors.simulator.market import Prices

_KEY_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_LEVERAGES = (3, 5, 8, 10, 15, 20, 25, 50, 75, 100)
_DAY_MS = 86_400_000
_QUIET_BUFFER = 0.118  # the least weighted joint move that a pool survives at the start; more where coins back it
_QUIET_BUFFER_COINS = 0.135


class Role(Enum):
    """What a book is like."""

    VULNERABLE = "vulnerable"  # long, ends in a fall of 12 to 18 %
    STURDY = "sturdy"  # long, ends in a fall of 32 to 55 %
    SHORT = "short"  # short, gains in a crash
    HEDGED = "hedged"  # long and short against each other


_ROLES = (Role.VULNERABLE,) * 9 + (Role.STURDY,) * 4 + (Role.SHORT,) * 3 + (Role.HEDGED,) * 4
_DISTANCES = {Role.VULNERABLE: (0.125, 0.182), Role.STURDY: (0.32, 0.55), Role.SHORT: (-0.60, -0.25), Role.HEDGED: (0.45, 0.60)}


@dataclass(frozen=True, slots=True)
class _Leg:
    symbol: str
    long: bool
    notional: float
    isolated: bool = False


def make_accounts(count: int, seed: int, desk: Desk, trading_keys: int) -> dict[str, SimulatedAccount]:
    """`count` accounts by name; the same for the same seed and first prices."""
    accounts = {}
    for number in range(count):
        rng = random.Random(f"{seed}:account:{number}")
        role = _ROLES[number % len(_ROLES)]
        account = _account(number, role, rng)
        account.may_trade = number < trading_keys
        legs = _legs(role, account, rng, desk)
        _open_book(account, legs, role, rng, desk)
        accounts[account.name] = account
    return accounts


def _account(number: int, role: Role, rng: random.Random) -> SimulatedAccount:
    return SimulatedAccount(
        name=f"book-{number:04d}",
        role=role.value,
        api_key="".join(rng.choices(_KEY_LETTERS, k=64)),
        api_secret="".join(rng.choices(_KEY_LETTERS, k=64)),
        multi_assets=rng.random() < 0.3,
        hedge=rng.random() < (0.6 if role is Role.HEDGED else 0.25),
    )


def _legs(role: Role, account: SimulatedAccount, rng: random.Random, desk: Desk) -> list[_Leg]:
    """1 to 8 positions, with a gross notional of 10 thousand to some millions of USD."""
    gross = min(4e6, 90_000 * math.exp(rng.gauss(0, 1.2)) + 10_000)
    if role is Role.HEDGED:
        return _hedged_legs(account, rng, desk, gross)
    count = rng.choices((1, 2, 3, 4, 5, 6, 7, 8), (20, 22, 18, 14, 10, 7, 5, 4))[0]
    symbols = _symbols(count, rng, desk)
    shares = [rng.uniform(0.4, 1.0) for _ in symbols]
    main_long = role is not Role.SHORT
    isolated_chance = 0.0 if account.multi_assets else 0.15
    legs = []
    for place, (symbol, share) in enumerate(zip(symbols, shares, strict=True)):
        against = place >= 2 and rng.random() < 0.2
        size = gross * share / sum(shares) * (0.3 if against else 1.0)
        legs.append(_Leg(symbol, main_long is not against, size, rng.random() < isolated_chance))
    return legs


def _hedged_legs(account: SimulatedAccount, rng: random.Random, desk: Desk, gross: float) -> list[_Leg]:
    """Pairs: both sides of one symbol in hedge mode, otherwise two symbols that move alike."""
    if account.hedge:
        pairs = _symbols(rng.randint(1, 3), rng, desk)
        part = gross / (2 * len(pairs))
        return [
            leg for symbol in pairs for leg in (_Leg(symbol, True, part), _Leg(symbol, False, part * rng.uniform(0.7, 1.0)))
        ]
    choice = rng.choice((("BTCUSDT", "ETHUSDT"), ("SOLUSDT", "AVAXUSDT"), ("ETHUSDT", "BNBUSDT"), ("BTCUSDT", _dated(desk))))
    return [_Leg(choice[0], True, gross / 2), _Leg(choice[1], False, gross / 2 * rng.uniform(0.8, 0.95))]


def _dated(desk: Desk) -> str:
    return next(symbol for symbol, item in desk.catalogue.instruments.items() if not item.is_perpetual)


def _symbols(count: int, rng: random.Random, desk: Desk) -> list[str]:
    names = list(desk.catalogue.instruments)
    weights = [8 if name.startswith(("BTC", "ETH")) else 3 for name in names]
    found: list[str] = []
    while len(found) < count:
        name = rng.choices(names, weights)[0]
        if name not in found:
            found.append(name)
    return found


def _open_book(account: SimulatedAccount, legs: list[_Leg], role: Role, rng: random.Random, desk: Desk) -> None:
    """Opens the legs as old trades, then pays in what sets the distances, then chooses leverages that allow it."""
    account.isolated_symbols = {leg.symbol for leg in legs if leg.isolated}
    account.leverages = {leg.symbol: 20 for leg in legs}
    opened_ms = desk.prices.time_ms - rng.randint(2, 25) * _DAY_MS
    for leg in legs:
        _open_leg(account, leg, rng, desk, opened_ms)
    spent = dict(account.wallets)
    _pay_in(account, role, rng, desk)
    for asset in sorted(account.wallets):
        target = account.wallets[asset]
        account.wallets[asset] = spent.get(asset, 0)
        paid_in = target - spent.get(asset, 0)
        if paid_in:
            desk.move_balance(
                account, asset, paid_in, reason="DEPOSIT", kind="TRANSFER", time_ms=account.changed_ms + 1, publish=False
            )
    _choose_leverages(account, desk)
    if rng.random() < 0.2:
        _rest_order(account, rng, desk)


def _open_leg(account: SimulatedAccount, leg: _Leg, rng: random.Random, desk: Desk, time_ms: int) -> None:
    instrument = desk.catalogue.instruments[leg.symbol]
    price = instrument.to_tick(round(desk.prices.marks[leg.symbol] * math.exp(rng.uniform(-0.03, 0.03))))
    quantity = max(1, round(leg.notional * UNIT * UNIT / desk.prices.marks[leg.symbol] / instrument.step)) * instrument.step
    side = ("LONG" if leg.long else "SHORT") if account.hedge else "BOTH"
    desk.trade(
        account, leg.symbol, buy=leg.long, position_side=side, quantity=quantity, price=price, time_ms=time_ms, publish=False
    )


def _pay_in(account: SimulatedAccount, role: Role, rng: random.Random, desk: Desk) -> None:
    """Sets `account.wallets` and isolated wallets so that each pool ends at its own distance."""
    low, high = _DISTANCES[role]
    for position in account.open_positions():
        if position.isolated:
            move = abs(rng.uniform(low, high)) * (1 if position.size > 0 else -1)
            need, notional = _needed(account, desk, move, position.symbol, isolated=True)
            position.isolated_wallet = max(need, notional // 12)
    crossed = sorted({item.asset for item in account.open_positions() if not item.isolated})
    move = rng.uniform(low, high)
    cross = {asset: _cross_balance(account, desk, move, asset, role) for asset in crossed}
    if not cross:
        cross = {"USDT": rng.randint(500, 5000) * UNIT}
    elif account.multi_assets:
        cross = _with_coins(cross, rng, desk, move)
    for asset, balance in cross.items():
        held = sum(item.isolated_wallet for item in account.positions.values() if item.isolated and item.asset == asset)
        account.wallets[asset] = balance + held
    for position in account.open_positions():
        if position.isolated and position.asset not in cross:
            account.wallets[position.asset] = rng.randint(100, 900) * UNIT + sum(
                item.isolated_wallet for item in account.positions.values() if item.isolated and item.asset == position.asset
            )


def _cross_balance(account: SimulatedAccount, desk: Desk, move: float, asset: str, role: Role) -> int:
    """What the pool of an asset is given: what its distance asks for, and enough not to start on anybody's warning list."""
    need, gross = _needed(account, desk, move, asset, isolated=False)
    held = [item for item in account.open_positions() if not item.isolated and item.asset == asset]
    marks = desk.prices.marks
    exposures = [_stress_weight(item.symbol, desk) * item.size * marks[item.symbol] / UNIT for item in held]
    stress = max(abs(sum(exposures)), max(abs(item) for item in exposures) / 2)
    pnl = sum(unrealised_pnl_16(item, marks[item.symbol]) for item in held) // UNIT
    maintenance = sum(maintenance_24(item, marks[item.symbol], desk.catalogue) for item in held) // UNIT // UNIT
    quiet = maintenance - pnl + int(stress * (_QUIET_BUFFER_COINS if account.multi_assets else _QUIET_BUFFER))
    return max(need, quiet, gross // (5 if role is Role.HEDGED else 14))


def _stress_weight(symbol: str, desk: Desk) -> float:
    """How much faster than BTC the instrument may fall, rounded up to one of three classes."""
    beta = desk.catalogue.instruments[symbol].beta
    return 1.0 if beta < 1.2 else (1.5 if beta < 1.65 else 2.1)


def shocked(prices: Prices, desk: Desk, move: float) -> dict[str, int]:
    """Marks after a move of the common factor: `move` > 0 is a fall by that ratio, < 0 a rise."""
    factor = math.log1p(-move)
    return {
        symbol: round(mark * math.exp(desk.catalogue.instruments[symbol].beta * factor))
        for symbol, mark in prices.marks.items()
    }


def _needed(account: SimulatedAccount, desk: Desk, move: float, key: str, *, isolated: bool) -> tuple[int, int]:
    """(balance at which the pool's equity meets its maintenance margin after the move, gross notional now), in 1e-8.

    `key` is the symbol of an isolated position, or the margin asset of a cross pool.
    """
    marks = shocked(desk.prices, desk, move)
    held = [
        item
        for item in account.open_positions()
        if item.isolated is isolated and (item.symbol if isolated else item.asset) == key
    ]
    pnl = sum(unrealised_pnl_16(item, marks[item.symbol]) for item in held)
    maintenance = sum(maintenance_24(item, marks[item.symbol], desk.catalogue) for item in held)
    gross = sum(abs(item.size) * desk.prices.marks[item.symbol] for item in held)
    return (maintenance // UNIT - pnl) // UNIT, gross // UNIT


def _with_coins(cross: dict[str, int], rng: random.Random, desk: Desk, move: float) -> dict[str, int]:
    """Replaces 15 to 45 % of what backs a multi-assets account by coins, counted at their bid after the move."""
    coin = rng.choice(("BTC", "ETH", "BNB"))
    largest = max(cross, key=lambda asset: cross[asset])
    share = rng.uniform(0.15, 0.45)
    moved = cross[largest] * share
    asset = desk.catalogue.assets[coin]
    beta = desk.catalogue.instruments[asset.follows].beta
    worth = desk.prices.asset_indices[coin] / UNIT * (1 - asset.bid_buffer / UNIT) * math.exp(beta * math.log1p(-max(move, 0)))
    cross[largest] -= int(moved)
    cross[coin] = int(moved / worth)
    return cross


def _choose_leverages(account: SimulatedAccount, desk: Desk) -> None:
    """The lowest usual leverage at which 80 % of the balance covers the initial margin; never above the bracket's."""
    for position in account.open_positions():
        notional = abs(position.size) * desk.prices.marks[position.symbol] // UNIT
        if position.isolated:
            wanted = notional / max(1, position.isolated_wallet)
        else:
            gross = sum(abs(item.size) * desk.prices.marks[item.symbol] // UNIT for item in account.open_positions())
            wanted = gross / max(1, 0.8 * sum(account.cross_wallet(asset) for asset in ("USDT", "USDC")))
        most = desk.catalogue.instruments[position.symbol].brackets.at(notional * UNIT).leverage
        chosen = next((leverage for leverage in _LEVERAGES if leverage >= wanted), _LEVERAGES[-1])
        account.leverages[position.symbol] = min(chosen, most)


def _rest_order(account: SimulatedAccount, rng: random.Random, desk: Desk) -> None:
    """A sell order far above the market for a part of a long position."""
    for position in account.open_positions():
        if position.size > 0:
            instrument = desk.catalogue.instruments[position.symbol]
            number = desk.next_number()
            order = RestingOrder(
                order_id=number,
                client_id=f"sim-{number}",
                symbol=position.symbol,
                buy=False,
                position_side=position.side,
                quantity=max(1, position.size // 10 // instrument.step) * instrument.step,
                price=instrument.to_tick(round(desk.prices.marks[position.symbol] * rng.uniform(1.3, 1.6))),
                time_ms=account.changed_ms + 1,
            )
            desk.place_order(account, order, publish=False)
            return
