"""The venue without a network: time, ticks, life, liquidations. What it has to say collects in an outbox."""

from __future__ import annotations

from collections import deque

from connectors.simulator.account import SimulatedAccount
from connectors.simulator.activity import Activity
from connectors.simulator.catalogue import load_catalogue
from connectors.simulator.closing import close_pool
from connectors.simulator.desk import Desk
from connectors.simulator.liquidation import Liquidation, liquidation_of
from connectors.simulator.margin import PoolValue, pool_values
from connectors.simulator.market import Market, MarketPhase, PhaseKind, Prices
from connectors.simulator.population import make_accounts
from connectors.simulator.pushes import PrivatePush, Push, TickPush
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.stream_events import margin_call

_MARGIN_CALL_PERCENT = 80
_EXECUTION_MS = 100  # from the tick that ends a pool to the executions that close it


class Exchange:
    """Order at one tick: prices are published, resting orders that they reached are filled, then every account is
    checked at these prices and what has reached its maintenance margin is taken over, to be closed at them before
    anything else happens. Life happens between ticks.

    A venue's engine needs time to execute what it takes over, and its private streams are other sockets than its prices:
    executions sent in the instant of the prices could overtake them, and then a reader sees a pool closed that was healthy.
    """

    def __init__(self, settings: SimulatorSettings, start_time_ms: int) -> None:
        self.settings = settings
        self.start_time_ms = self.time_ms = start_time_ms
        self.catalogue = load_catalogue(start_time_ms)
        self.market = Market(self.catalogue, settings.seed, settings.schedule)
        self.prices = self.market.first_prices(start_time_ms)
        self.outbox: list[Push] = []
        self.desk = Desk(self.catalogue, self.prices, self.outbox.append)
        self.accounts = make_accounts(settings.accounts, settings.seed, self.desk, settings.trading_keys)
        self.liquidations: list[Liquidation] = []
        self._taken_over: list[tuple[SimulatedAccount, PoolValue]] = []
        self.ticks: deque[Prices] = deque([self.prices], maxlen=settings.kept_ticks)
        self._activity = Activity(settings, self.desk, self.accounts)
        self._tick_ms = round(settings.tick_interval_s * 1000)
        self._next_tick_ms = start_time_ms + self._tick_ms
        self._life_ms = start_time_ms
        self.next_funding_ms = start_time_ms + settings.funding_interval_s * 1000

    def advance_to(self, time_ms: int) -> None:
        """Moves venue time on, through every tick that falls due; an earlier time changes nothing."""
        if time_ms > self.time_ms:
            self._execute_closings(min(time_ms, self._next_tick_ms))
        while self._next_tick_ms <= time_ms:
            self._live_until(self._next_tick_ms)
            self._one_tick(self._next_tick_ms)
            self._next_tick_ms += self._tick_ms
            if time_ms > self.time_ms:
                self._execute_closings(min(time_ms, self._next_tick_ms))
        if time_ms > self.time_ms:
            self._live_until(time_ms)
            self.time_ms = time_ms

    def schedule_crash(self, start_in_s: float, fall_ratio: float, duration_s: float) -> MarketPhase:
        """A fall of the common factor by `fall_ratio` (0.2 = BTC loses a fifth) from `start_in_s` seconds after now.

        A ratio below 0 is a rise: the market recovers.
        """
        if not -0.9 < fall_ratio < 0.9 or fall_ratio == 0:
            raise ValueError(f"fall_ratio = {fall_ratio!r}: must be between -0.9 and 0.9, not 0")
        phase = MarketPhase(
            kind=PhaseKind.CRASH,
            start_s=(self.time_ms - self.start_time_ms) / 1000 + start_in_s,
            duration_s=duration_s,
            move_ratio=-fall_ratio,
        )
        self.market.phases.append(phase)
        return phase

    def drain(self) -> list[Push]:
        """What was said since the last call, in order."""
        said = list(self.outbox)
        self.outbox.clear()
        return said

    def _seconds(self, time_ms: int) -> float:
        return (time_ms - self.start_time_ms) / 1000

    def _live_until(self, time_ms: int) -> None:
        seconds, self._life_ms = (time_ms - self._life_ms) / 1000, time_ms
        if seconds > 0:
            self._activity.live(seconds, time_ms, crash=self.market.in_crash(self._seconds(time_ms)))

    def _one_tick(self, time_ms: int) -> None:
        self.time_ms = time_ms
        self.prices = self.market.move(self._seconds(time_ms), self.prices.tick + 1, time_ms)
        self.desk.prices = self.prices
        self.ticks.append(self.prices)
        self.outbox.append(TickPush(self.prices))
        for account in self.accounts.values():
            if account.orders:
                self.desk.fill_crossed_orders(account, time_ms)
            self._check(account, time_ms)
        if time_ms >= self.next_funding_ms:
            self._fund(time_ms)

    def _check(self, account: SimulatedAccount, time_ms: int) -> None:
        for value in pool_values(account, self.prices, self.catalogue):
            if value.is_liquidatable:
                self.liquidations.append(liquidation_of(account.name, value, self.prices.marks, self.prices.tick, time_ms))
                self._taken_over.append((account, value))
            else:
                self._call(account, value, time_ms)

    def _execute_closings(self, until_ms: int) -> None:
        """Closes what the last tick took over, `_EXECUTION_MS` after it but not after `until_ms`."""
        time_ms = min(self.time_ms + _EXECUTION_MS, until_ms)
        for account, value in self._taken_over:
            close_pool(self.desk, account, value, time_ms)
        self._taken_over.clear()

    def _call(self, account: SimulatedAccount, value: PoolValue, time_ms: int) -> None:
        """Pushes MARGIN_CALL once each time a pool's ratio passes 80 %, the ratio of the documentation's example."""
        if 100 * value.maintenance < _MARGIN_CALL_PERCENT * value.equity:
            account.called.discard(value.pool)
        elif value.pool not in account.called:
            account.called.add(value.pool)
            wallet = account.cross_wallet(value.positions[0].asset)
            message = margin_call(value.positions, wallet, self.prices.marks, self.catalogue, time_ms)
            self.outbox.append(PrivatePush(account.name, (message,)))

    def _fund(self, time_ms: int) -> None:
        for account in self.accounts.values():
            self.desk.pay_funding(account, self.market.funding_rates, time_ms)
        self.market.draw_funding_rates()
        self.next_funding_ms += self.settings.funding_interval_s * 1000
