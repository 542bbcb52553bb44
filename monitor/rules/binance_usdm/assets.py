"""Multi-assets mode: how each asset's equity and margin are converted to USD.

`bid = index * (1 - bid buffer)`, `ask = index * (1 + ask buffer)`. Equity is worth `min(equity * bid, equity * ask)`: the bid
rate when positive, the ask rate when negative, so a negative balance costs more. Margins are always taken at the ask rate.
The haircut of this mode is the buffer.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.domain.tables import AssetIndexBuffers
from monitor.rules.binance_usdm.documents import VENUE
from monitor.rules.exact import exact
from monitor.rules.tape import Piece, ScheduleKey

EQUITY = "equity"
MARGIN = "margin"
POSITIVE = "positive"
NEGATIVE = "negative"


class AssetRates(NamedTuple):
    """USD per unit of an asset. `exposure` converts a position's notional into the pool's currency for the stress notional."""

    bid: Decimal
    ask: Decimal
    exposure: Decimal

    def worth(self, equity: Decimal) -> Decimal:
        """What the venue counts an asset's equity (either sign) for, in USD. Call inside `exact()`."""
        return equity * (self.bid if equity >= 0 else self.ask)


def has_buffers(buffers: AssetIndexBuffers) -> bool:
    """Whether the asset converts by index and buffers; else by the bid and ask rates that the source itself gives."""
    return buffers.bid_buffer is not None and buffers.ask_buffer is not None


def rates_from_index(index: Decimal, bid_buffer: Decimal, ask_buffer: Decimal) -> AssetRates:
    """Bid and ask rate of an index, exact; the venue prints them with 8 decimals."""
    with exact():
        return AssetRates(index * (1 - bid_buffer), index * (1 + ask_buffer), index)


def index_driver(asset: str) -> DriverKey:
    """The asset's index in USD."""
    return DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, asset))


def bid_driver(asset: str) -> DriverKey:
    """The asset's bid rate in USD, where the source gives rates."""
    return DriverKey(DriverKind.ASSET_BID, subject_id(VENUE, asset))


def ask_driver(asset: str) -> DriverKey:
    """The asset's ask rate in USD, where the source gives rates."""
    return DriverKey(DriverKind.ASSET_ASK, subject_id(VENUE, asset))


def asset_schedule(asset: str, variant: str) -> ScheduleKey:
    """A schedule of an asset's conversion: `equity` and `margin` of buffers, `positive` and `negative` parts for rates."""
    return ScheduleKey(VENUE, "asset_index", asset, variant)


def asset_pieces(asset: str, buffers: AssetIndexBuffers) -> dict[ScheduleKey, tuple[Piece, ...]]:
    """The schedules of an asset's conversion, to be scaled by its index, or by its bid and its ask rate."""
    lowest, zero, one = Decimal("-Infinity"), Decimal(0), Decimal(1)
    if buffers.bid_buffer is None or buffers.ask_buffer is None:
        return {
            asset_schedule(asset, POSITIVE): (Piece(lowest, zero, zero), Piece(zero, one, zero)),
            asset_schedule(asset, NEGATIVE): (Piece(lowest, -one, zero), Piece(zero, zero, zero)),
        }
    with exact():
        bid, ask = 1 - buffers.bid_buffer, 1 + buffers.ask_buffer
    return {
        asset_schedule(asset, EQUITY): (Piece(lowest, ask, zero), Piece(zero, bid, zero)),
        asset_schedule(asset, MARGIN): (Piece(lowest, ask, zero),),
    }
