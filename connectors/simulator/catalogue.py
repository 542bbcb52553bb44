"""The instruments, bracket tables and margin assets of the simulated venue, read from the package's own table file."""

from __future__ import annotations

import bisect
import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources

import orjson

from connectors.simulator.fixed_point import UNIT, fixed

_NO_EXPIRY_MS = 4133404800000  # the delivery date that the venue prints for a perpetual
_DELIVERY_HOUR_UTC = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One step of a bracket table: notional in quote units, rates and `cum` as integers of 1e-8."""

    number: int
    floor: int
    cap: int
    leverage: int
    maintenance_rate: int
    cum: int


@dataclass(frozen=True, slots=True)
class BracketTable:
    """Brackets in order of their floors, without holes; continuous, since each `cum` follows from the one before."""

    brackets: tuple[Bracket, ...]
    floors: tuple[int, ...]

    @classmethod
    def of(cls, steps: list[tuple[int, int, int, str]]) -> BracketTable:
        """From (floor, cap, leverage, maintenance rate): cum_n = floor_n * (rate_n - rate_(n-1)) + cum_(n-1).

        Source: Binance FAQ on leverage and margin of USDⓈ-M futures (read 2026-11-22).
        """
        brackets: list[Bracket] = []
        for number, (floor, cap, leverage, rate_text) in enumerate(steps, start=1):
            rate, cum = fixed(rate_text), 0
            if brackets:
                before = brackets[-1]
                if floor != before.cap or rate <= before.maintenance_rate:
                    raise ValueError(f"bracket {number}: floors must join and rates must rise")
                cum = floor * (rate - before.maintenance_rate) + before.cum
            brackets.append(Bracket(number=number, floor=floor, cap=cap, leverage=leverage, maintenance_rate=rate, cum=cum))
        return cls(tuple(brackets), tuple(item.floor * UNIT * UNIT for item in brackets))

    def at(self, notional_16: int) -> Bracket:
        """The bracket of a notional in 1e-16 units; an edge belongs to the lower bracket, which changes no figure."""
        return self.brackets[max(0, bisect.bisect_left(self.floors, notional_16) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedInstrument:
    """One linear contract. Prices and steps in 1e-8 units; beta and noise describe how it moves with the market."""

    symbol: str
    base: str
    quote: str
    first_price: int
    tick: int
    step: int
    brackets: BracketTable
    beta: float
    noise: float
    contract_type: str
    delivery_ms: int

    @property
    def is_perpetual(self) -> bool:
        """Whether it pays funding and never expires."""
        return self.contract_type == "PERPETUAL"

    def to_tick(self, price: int) -> int:
        """The nearest price at which a trade may be made."""
        return max(self.tick, (price + self.tick // 2) // self.tick * self.tick)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginAsset:
    """One asset that backs positions: its first index in USD (1e-8), or the instrument whose index price it follows."""

    asset: str
    first_index: int
    follows: str
    bid_buffer: int
    ask_buffer: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that the venue lists."""

    instruments: dict[str, SimulatedInstrument]
    assets: dict[str, MarginAsset]


def load_catalogue(start_time_ms: int) -> Catalogue:
    """The tables of the package; the dated future expires at the end of the quarter after the one in which the venue starts."""
    raw = orjson.loads(resources.files("connectors.simulator").joinpath("tables/venue_tables.json").read_bytes())
    ladders = {name: BracketTable.of([tuple(step) for step in steps]) for name, steps in raw["bracket_ladders"].items()}
    delivery = _quarter_end(start_time_ms)
    instruments: dict[str, SimulatedInstrument] = {}
    for row in raw["instruments"]:
        symbol, dated = row["symbol"], row["symbol"].endswith("_QUARTER")
        if dated:
            symbol = symbol.replace("QUARTER", delivery.strftime("%y%m%d"))
        instruments[symbol] = SimulatedInstrument(
            symbol=symbol,
            base=row["base"],
            quote=row["quote"],
            first_price=fixed(row["price"]),
            tick=fixed(row["tick"]),
            step=fixed(row["step"]),
            brackets=ladders[row["ladder"]],
            beta=row["beta"],
            noise=row["noise"],
            contract_type="NEXT_QUARTER" if dated else "PERPETUAL",
            delivery_ms=int(delivery.timestamp() * 1000) if dated else _NO_EXPIRY_MS,
        )
    assets = {
        row["asset"]: MarginAsset(
            asset=row["asset"],
            first_index=fixed(row["index"]) if row["index"] else 0,
            follows=row["follows"],
            bid_buffer=fixed(row["bid_buffer"]),
            ask_buffer=fixed(row["ask_buffer"]),
        )
        for row in raw["assets"]
    }
    return Catalogue(instruments, assets)


def _quarter_end(start_time_ms: int) -> datetime:
    """08:00 UTC on the last Friday of the quarter after that of the given time."""
    now = datetime.fromtimestamp(start_time_ms / 1000, UTC)
    quarter = (now.month - 1) // 3 + 1
    year, month = (now.year, 3 * quarter + 3) if quarter < 4 else (now.year + 1, 3)
    last = datetime(year, month, calendar.monthrange(year, month)[1], _DELIVERY_HOUR_UTC, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() - calendar.FRIDAY) % 7)
