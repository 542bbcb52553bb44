"""Life goes on: seeded small trades, deposits and withdrawals, orders and settings of accounts that are in no danger."""

from __future__ import annotations

import random

from connectors.simulator.account import HeldPosition, RestingOrder, SimulatedAccount
from connectors.simulator.desk import Desk
from connectors.simulator.fixed_point import UNIT
from connectors.simulator.margin import pool_values
from connectors.simulator.settings import SimulatorSettings

_HEALTHY = 35  # per cent of the margin balance that maintenance may take, for an account to trade on
_SMALL_USD = 400
_SPREAD = 0.0003


class Activity:
    """What account holders do by themselves. In a crash they only reduce and pay in."""

    def __init__(self, settings: SimulatorSettings, desk: Desk, accounts: dict[str, SimulatedAccount]) -> None:
        self._settings = settings
        self._desk = desk
        self._accounts = list(accounts.values())
        self._random = random.Random(f"{settings.seed}:activity")

    def live(self, seconds: float, time_ms: int, *, crash: bool) -> None:
        """What happens in this many seconds."""
        kinds = (
            (self._settings.trades_per_s, self._trade),
            (self._settings.transfers_per_s, self._transfer),
            (self._settings.orders_per_s, self._order),
            (self._settings.setting_changes_per_s, self._leverage),
        )
        for rate, act in kinds:
            for _ in range(self._count(rate * seconds)):
                act(self._random.choice(self._accounts), time_ms, crash)

    def _count(self, expected: float) -> int:
        whole = int(expected)
        return whole + (self._random.random() < expected - whole)

    def _is_healthy(self, account: SimulatedAccount) -> bool:
        values = pool_values(account, self._desk.prices, self._desk.catalogue)
        return all(100 * value.maintenance < _HEALTHY * value.equity for value in values)

    def _trade(self, account: SimulatedAccount, time_ms: int, crash: bool) -> None:
        held = list(account.open_positions())
        if account.liquidated or not held:
            return
        choice = self._random.random()
        position = self._random.choice(held)
        if choice < 0.45 or crash:
            self._resize(account, position, time_ms, grow=False)
        elif not self._is_healthy(account):
            return
        elif choice < 0.7:
            self._resize(account, position, time_ms, grow=True)
        else:
            self._try_small(account, time_ms)

    def _resize(self, account: SimulatedAccount, position: HeldPosition, time_ms: int, *, grow: bool) -> None:
        """Buys or sells 0.5 to 3 % of a position."""
        step = self._desk.catalogue.instruments[position.symbol].step
        quantity = int(abs(position.size) * self._random.uniform(0.005, 0.03)) // step * step
        if not quantity:
            return
        long = position.size > 0
        if grow and position.isolated:
            taken = quantity * self._desk.prices.marks[position.symbol] // UNIT // account.leverages[position.symbol]
            if account.cross_wallet(position.asset) < 2 * taken:
                return
        self._execute(account, position.symbol, position.side, long is grow, quantity, time_ms)

    def _try_small(self, account: SimulatedAccount, time_ms: int) -> None:
        """Opens, turns round or closes a small position in a symbol that the book holds no other position in."""
        symbol = self._random.choice([name for name, item in self._desk.catalogue.instruments.items() if item.quote == "USDT"])
        if symbol in account.isolated_symbols:
            return
        side = self._random.choice(("LONG", "SHORT")) if account.hedge else "BOTH"
        mark, instrument = self._desk.prices.marks[symbol], self._desk.catalogue.instruments[symbol]
        small = max(instrument.step, _SMALL_USD * UNIT * UNIT // mark // instrument.step * instrument.step)
        position = account.positions.get((symbol, side))
        size = position.size if position else 0
        if abs(size) > 2 * small or account.cross_wallet("USDT") < 20 * _SMALL_USD * UNIT:
            return
        if not size:
            account.leverages.setdefault(symbol, 10)
            buy = side == "LONG" or (side == "BOTH" and self._random.random() < 0.5)
            self._execute(account, symbol, side, buy, small, time_ms)
        else:
            turn = 2 if side == "BOTH" and self._random.random() < 0.5 else 1
            self._execute(account, symbol, side, size < 0, abs(size) * turn, time_ms)

    def _execute(self, account: SimulatedAccount, symbol: str, side: str, buy: bool, quantity: int, time_ms: int) -> None:
        slip = 1 + self._random.uniform(0, _SPREAD) * (1 if buy else -1)
        price = self._desk.catalogue.instruments[symbol].to_tick(int(self._desk.prices.marks[symbol] * slip))
        self._desk.trade(account, symbol, buy=buy, position_side=side, quantity=quantity, price=price, time_ms=time_ms)

    def _transfer(self, account: SimulatedAccount, time_ms: int, crash: bool) -> None:
        if account.liquidated:
            return
        asset = self._random.choice(sorted(account.wallets))
        balance = account.cross_wallet(asset)
        amount = int(balance * self._random.uniform(0.001, 0.006)) // 1_000_000 * 1_000_000
        paying_in = crash or self._random.random() < 0.6 or not self._is_healthy(account)
        if amount > 0:
            self._desk.move_balance(
                account,
                asset,
                amount if paying_in else -amount,
                reason="DEPOSIT" if paying_in else "WITHDRAW",
                kind="TRANSFER",
                time_ms=time_ms,
            )

    def _order(self, account: SimulatedAccount, time_ms: int, crash: bool) -> None:
        if account.orders:
            self._desk.cancel_order(account, next(iter(account.orders)), time_ms)
            return
        longs = [item for item in account.open_positions() if item.size > 0]
        if account.liquidated or crash or not longs:
            return
        position = self._random.choice(longs)
        instrument, number = self._desk.catalogue.instruments[position.symbol], self._desk.next_number()
        quantity = position.size // 20 // instrument.step * instrument.step
        if quantity:
            price = instrument.to_tick(int(self._desk.prices.marks[position.symbol] * self._random.uniform(1.3, 1.5)))
            order = RestingOrder(
                order_id=number,
                client_id=f"sim-{number}",
                symbol=position.symbol,
                buy=False,
                position_side=position.side,
                quantity=quantity,
                price=price,
                time_ms=max(time_ms, account.changed_ms + 1),
            )
            account.changed_ms = order.time_ms
            self._desk.place_order(account, order)

    def _leverage(self, account: SimulatedAccount, time_ms: int, crash: bool) -> None:
        crossed = [item for item in account.open_positions() if not item.isolated]
        if account.liquidated or crash or not crossed:
            return
        position = self._random.choice(crossed)
        notional = abs(position.size) * self._desk.prices.marks[position.symbol]
        most = self._desk.catalogue.instruments[position.symbol].brackets.at(notional).leverage
        leverage = min(most, account.leverages[position.symbol] + self._random.choice((1, 2)))
        if leverage != account.leverages[position.symbol]:
            self._desk.set_leverage(account, position.symbol, leverage, time_ms)
