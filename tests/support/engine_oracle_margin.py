"""Margin of Binance USD-M pools in exact fractions, written from the venue's documents; knows nothing of the monitor's rules.

single-asset, isolated   C = wallet + unrealised PnL          M = sum of notional * rate - deduction
multi-assets             C = sum of equity * bid (ask below 0)  M = sum of asset margins * ask
stress notional          A = max(|sum of w * exposure|, max(w * |exposure|) / 2)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.instrument import Instrument
from monitor.domain.tables import AssetIndexBuffers, ClassWeights, LeverageBrackets, Table, TableKey, TableKind

VENUE = "binance_usdm"
WEIGHTS = TableKey("marginwatch", TableKind.CLASS_WEIGHTS, "all")
ZERO = Fraction(0)

Tables = dict[TableKey, Table]
Prices = Callable[[DriverKey], Fraction | None]


class Unknown(Exception):
    """A table or a price without which the pool has no figures."""


@dataclass(frozen=True)
class Held:
    """One position in a pool: instrument, signed size, signed cost."""

    instrument: str
    size: Fraction
    cost: Fraction


@dataclass(frozen=True)
class Shape:
    """What one pool holds. `converts`: multi-assets mode. `unknown`: an isolated wallet was not seen."""

    wallets: dict[str, Fraction]
    positions: tuple[Held, ...]
    converts: bool = False
    isolated: bool = False
    orders: int = 0
    unknown: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.positions and not self.orders and all(balance >= 0 for balance in self.wallets.values())


class Figures(NamedTuple):
    collateral: Fraction
    margin: Fraction
    stress: Fraction


@dataclass
class Terms:
    """What the tables say of a pool, read once: raises `Unknown` where one is missing."""

    shape: Shape
    tables: Tables
    instruments: dict[str, Instrument] = field(default_factory=dict)
    brackets: dict[str, LeverageBrackets] = field(default_factory=dict)
    buffers: dict[str, AssetIndexBuffers] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = self.tables.get(WEIGHTS)
        if self.shape.unknown or not isinstance(weights, ClassWeights):
            raise Unknown
        self.weights = weights
        for held in self.shape.positions:
            symbol = held.instrument.split(":")[1]
            instrument = self.tables.get(TableKey(VENUE, TableKind.INSTRUMENT, symbol))
            brackets = self.tables.get(TableKey(VENUE, TableKind.LEVERAGE_BRACKETS, symbol))
            if not isinstance(instrument, Instrument) or not isinstance(brackets, LeverageBrackets):
                raise Unknown
            self.instruments[held.instrument], self.brackets[held.instrument] = instrument, brackets
        for asset in self.assets if self.shape.converts else ():
            buffers = self.tables.get(TableKey(VENUE, TableKind.ASSET_INDEX, asset))
            if not isinstance(buffers, AssetIndexBuffers):
                raise Unknown
            self.buffers[asset] = buffers

    @property
    def assets(self) -> list[str]:
        """The assets that count: with a balance or a position."""
        settled = {self.instruments[held.instrument].settle_asset for held in self.shape.positions}
        return sorted(settled | {asset for asset, balance in self.shape.wallets.items() if balance != 0})

    @property
    def drivers(self) -> set[DriverKey]:
        """The prices that the pool stands on."""
        found = {DriverKey(DriverKind.MARK, held.instrument) for held in self.shape.positions}
        for asset, buffers in self.buffers.items():
            subject = f"{VENUE}:{asset}"
            by_index = buffers.bid_buffer is not None
            kinds = (DriverKind.ASSET_INDEX,) if by_index else (DriverKind.ASSET_BID, DriverKind.ASSET_ASK)
            found |= {DriverKey(kind, subject) for kind in kinds}
        return found

    def figures(self, prices: Prices) -> Figures:
        """C, M and A; raises `Unknown` without a price."""
        collateral = margin = ZERO
        exposures: list[Fraction] = []
        for asset in self.assets:
            equity, required, legs = self._asset(asset, prices)
            bid, ask, middle = self._rates(asset, prices)
            worth = equity * (bid if equity >= 0 else ask)
            collateral += worth
            margin += required * ask
            exposures += [leg * middle for leg in legs]
            if self.shape.converts:
                exposures.append(Fraction(self.weights.of(asset)) * worth)
        largest = max((abs(exposure) for exposure in exposures), default=ZERO)
        return Figures(collateral, margin, max(abs(sum(exposures, ZERO)), largest / 2))

    def _asset(self, asset: str, prices: Prices) -> tuple[Fraction, Fraction, list[Fraction]]:
        equity, required, legs = self.shape.wallets.get(asset, ZERO), ZERO, []
        for held in self.shape.positions:
            instrument = self.instruments[held.instrument]
            if instrument.settle_asset != asset:
                continue
            exposure = (
                held.size * Fraction(instrument.contract_size) * known(prices(DriverKey(DriverKind.MARK, held.instrument)))
            )
            equity += exposure - held.cost
            required += maintenance(self.brackets[held.instrument], abs(exposure))
            legs.append(Fraction(self.weights.of(instrument.base)) * exposure)
        return equity, required, legs

    def _rates(self, asset: str, prices: Prices) -> tuple[Fraction, Fraction, Fraction]:
        if not self.shape.converts:
            return Fraction(1), Fraction(1), Fraction(1)
        buffers, subject = self.buffers[asset], f"{VENUE}:{asset}"
        if buffers.bid_buffer is None or buffers.ask_buffer is None:
            bid = known(prices(DriverKey(DriverKind.ASSET_BID, subject)))
            return bid, known(prices(DriverKey(DriverKind.ASSET_ASK, subject))), bid
        index = known(prices(DriverKey(DriverKind.ASSET_INDEX, subject)))
        return index * (1 - Fraction(buffers.bid_buffer)), index * (1 + Fraction(buffers.ask_buffer)), index


def known(price: Fraction | None) -> Fraction:
    """The price, or `Unknown`."""
    if price is None:
        raise Unknown
    return price


def maintenance(table: LeverageBrackets, notional: Fraction) -> Fraction:
    """The bracket of the notional at mark: rate times notional less its deduction."""
    chosen = table.brackets[0]
    for bracket in table.brackets:
        if notional >= Fraction(bracket.floor):
            chosen = bracket
    return notional * Fraction(chosen.maintenance_margin_rate) - Fraction(chosen.deduction)
