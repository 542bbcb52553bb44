"""The record of a liquidation, kept so that others can be held against it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.simulator.fixed_point import short_text_of
from connectors.simulator.margin import PoolValue


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidatedPosition:
    """A position as it stood at the tick that ended it; all in the units of the venue's prints."""

    symbol: str
    side: str
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidation:
    """One pool that the venue closed: at which tick, on which figures.

    `pool` is the part of a pool id after the account: `cross`, `cross/USDT`, `isolated/BTCUSDT[/long|/short]`. `equity`
    and `maintenance_margin` in `currency`, exact. `tick` numbers the venue's sets of prices, `time_ms` is their event time.
    """

    account: str
    pool: str
    currency: str
    tick: int
    time_ms: int
    equity: Decimal
    maintenance_margin: Decimal
    positions: tuple[LiquidatedPosition, ...]

    def as_json(self) -> dict[str, object]:
        """The record with every decimal as a string."""
        return {
            "account": self.account,
            "pool": self.pool,
            "currency": self.currency,
            "tick": self.tick,
            "time": self.time_ms,
            "equity": format(self.equity, "f"),
            "maintenanceMargin": format(self.maintenance_margin, "f"),
            "positions": [
                {
                    "symbol": item.symbol,
                    "positionSide": item.side,
                    "positionAmt": format(item.size, "f"),
                    "entryPrice": format(item.entry_price, "f"),
                    "markPrice": format(item.mark_price, "f"),
                }
                for item in self.positions
            ],
        }


def liquidation_of(account: str, value: PoolValue, marks: dict[str, int], tick: int, time_ms: int) -> Liquidation:
    """The record of a pool before it is closed."""
    return Liquidation(
        account=account,
        pool=value.pool,
        currency=value.currency,
        tick=tick,
        time_ms=time_ms,
        equity=Decimal(short_text_of(value.equity, scale=value.scale)),
        maintenance_margin=Decimal(short_text_of(value.maintenance, scale=value.scale)),
        positions=tuple(
            LiquidatedPosition(
                symbol=item.symbol,
                side=item.side,
                size=Decimal(short_text_of(item.size)),
                entry_price=Decimal(entry_price_text(item.size, item.cost)),
                mark_price=Decimal(short_text_of(marks[item.symbol])),
            )
            for item in value.positions
        ),
    )


def entry_price_text(size: int, cost: int) -> str:
    """The average entry price with up to 12 decimals, as the venue prints it for averages that do not end."""
    if not size:
        return "0.0"
    scaled = (abs(cost) * 10**12 + abs(size) // 2) // abs(size)
    return short_text_of(scaled, scale=12)
