"""The seeded market: one common factor, noise of each instrument's own, and phases that a schedule or a person starts."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import Enum

from connectors.simulator.catalogue import Catalogue
from connectors.simulator.fixed_point import UNIT, divide_half_even

_FACTOR_SIGMA = 0.00018  # of the log price and the square root of a second, in calm
_OWN_SIGMA = 0.00013
_REVERSION_S = 45.0  # noise forgets itself within this time, so that calm stays calm
_STABLE_SIGMA = 0.000004
_CRASH_STABLE_DIP = 0.0035  # a stablecoin loses this share of its index in the worst minute of a crash
_FUNDING_BASE = 10_000  # 0.0001 in 1e-8 units


class PhaseKind(Enum):
    """What the market does in a phase; outside of all phases it is calm."""

    TREND = "trend"
    CRASH = "crash"


_NOISE_OF = {PhaseKind.TREND: 1.5, PhaseKind.CRASH: 2.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPhase:
    """From `start_s` after the start of the venue, for `duration_s`, the common factor moves by `move_ratio` in all.

    `move_ratio` < 0 falls (-0.2 = BTC loses a fifth); other instruments move by their beta of it. The new height stays.
    """

    kind: PhaseKind
    start_s: float
    duration_s: float
    move_ratio: float

    def __post_init__(self) -> None:
        if self.duration_s <= 0 or self.start_s < 0 or self.move_ratio <= -0.9:
            raise ValueError(f"a phase needs duration_s > 0, start_s >= 0, move_ratio > -0.9: {self}")

    def progress(self, at_s: float) -> float:
        """The share of the move that is done, 0..1; it gathers speed, since liquidations feed on each other."""
        done = min(1.0, max(0.0, (at_s - self.start_s) / self.duration_s))
        return done * (0.8 + 0.2 * done)

    def covers(self, at_s: float) -> bool:
        """Whether the phase runs at this time."""
        return self.start_s <= at_s < self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Prices:
    """All prices of one tick, integers of 1e-8; `marks` and `indices` by symbol, `asset_indices` by asset."""

    tick: int
    time_ms: int
    marks: dict[str, int]
    indices: dict[str, int]
    asset_indices: dict[str, int]


class Market:
    """Prices as a function of the seed and of the times at which it is asked to move."""

    def __init__(self, catalogue: Catalogue, seed: int, schedule: tuple[MarketPhase, ...]) -> None:
        self._catalogue = catalogue
        self._random = random.Random(f"{seed}:market")
        self.phases: list[MarketPhase] = list(schedule)
        self._at_s = 0.0
        self._factor_noise = 0.0
        self._own = dict.fromkeys(catalogue.instruments, 0.0)
        self._basis = dict.fromkeys(catalogue.instruments, 0.0)
        self._stable = dict.fromkeys(catalogue.assets, 0.0)
        self.funding_rates = dict.fromkeys(catalogue.instruments, _FUNDING_BASE)

    def in_crash(self, at_s: float) -> bool:
        """Whether a crash is under way or comes within ten seconds."""
        return any(phase.kind is PhaseKind.CRASH and (phase.covers(at_s) or phase.covers(at_s + 10)) for phase in self.phases)

    def first_prices(self, time_ms: int) -> Prices:
        """The prices before any move: tick 0."""
        return self._prices(0, time_ms)

    def move(self, at_s: float, tick: int, time_ms: int) -> Prices:
        """Prices at `at_s` seconds after the start, which must not be before the last time."""
        dt = at_s - self._at_s
        self._at_s = at_s
        loud = max((_NOISE_OF[phase.kind] for phase in self.phases if phase.covers(at_s)), default=1.0)
        gauss, root = self._random.gauss, math.sqrt(dt)
        keep = math.exp(-dt / _REVERSION_S)
        self._factor_noise = keep * self._factor_noise + _FACTOR_SIGMA * loud * root * gauss(0, 1)
        for symbol, instrument in self._catalogue.instruments.items():
            self._own[symbol] = keep * self._own[symbol] + _OWN_SIGMA * instrument.noise * loud * root * gauss(0, 1)
            self._basis[symbol] = keep * self._basis[symbol] + 0.00003 * root * gauss(0, 1)
        for asset in self._stable:
            self._stable[asset] = keep * self._stable[asset] + _STABLE_SIGMA * root * gauss(0, 1)
        return self._prices(tick, time_ms)

    def draw_funding_rates(self) -> None:
        """New funding rates, near 0.01 % and rarely negative."""
        for symbol, instrument in self._catalogue.instruments.items():
            if instrument.is_perpetual:
                self.funding_rates[symbol] = _FUNDING_BASE + int(self._random.gauss(0, 0.8) * _FUNDING_BASE)

    def _factor(self) -> float:
        moved = sum(math.log1p(phase.move_ratio) * phase.progress(self._at_s) for phase in self.phases)
        return moved + self._factor_noise

    def _dip(self) -> float:
        """How far stablecoins are below par: grows with a crash and heals over three minutes."""
        worst = 0.0
        for phase in self.phases:
            if phase.kind is PhaseKind.CRASH:
                since_end = max(0.0, self._at_s - phase.start_s - phase.duration_s)
                worst = max(worst, phase.progress(self._at_s) * math.exp(-since_end / 180))
        return _CRASH_STABLE_DIP * worst

    def _prices(self, tick: int, time_ms: int) -> Prices:
        factor, dip = self._factor(), self._dip()
        marks: dict[str, int] = {}
        indices: dict[str, int] = {}
        for symbol, instrument in self._catalogue.instruments.items():
            level = instrument.first_price * math.exp(instrument.beta * factor + self._own[symbol])
            marks[symbol] = max(1, round(level))
            indices[symbol] = max(1, round(level * (1 - self._basis[symbol])))
        usdt = self._catalogue.assets["USDT"].first_index
        usdt = round(usdt * (1 - dip + self._stable["USDT"]))
        asset_indices = {}
        for name, asset in self._catalogue.assets.items():
            if asset.follows:
                asset_indices[name] = divide_half_even(indices[asset.follows] * usdt, UNIT)
            elif name == "USDT":
                asset_indices[name] = usdt
            else:
                asset_indices[name] = round(asset.first_index * (1 + dip / 4 + self._stable[name]))
        return Prices(tick, time_ms, marks, indices, asset_indices)
