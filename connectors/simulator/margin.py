"""What a pool is worth and what it must hold, in integers, from the venue's documents.

Binance USDⓈ-M, leverage and margin, liquidation protocol and Multi-Assets mode pages, as read on 2026-11-22:
maintenance margin of a position = notional * rate - cum at the mark; margin balance = wallet + unrealised PnL;
liquidation when the maintenance margin reaches the margin balance. In Multi-Assets mode an asset's net balance counts
at index * (1 - bid buffer) where positive and index * (1 + ask buffer) where negative, maintenance at the ask.

Units: amounts of one asset in 1e-24 (size 1e-8 times price 1e-8 times rate 1e-8), USD in 1e-40: products of inputs in
1e-8 units without a single rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.simulator.account import HeldPosition, SimulatedAccount
from connectors.simulator.catalogue import Catalogue, MarginAsset
from connectors.simulator.fixed_point import UNIT
from connectors.simulator.market import Prices

ASSET_SCALE = 24
USD_SCALE = 40
_WALLET_TO_ASSET: int = 10 ** (ASSET_SCALE - 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolValue:
    """One pool at one tick: `equity` and `maintenance` in units of 10**-scale of its currency (USD in Multi-Assets mode)."""

    pool: str
    currency: str
    equity: int
    maintenance: int
    scale: int
    positions: tuple[HeldPosition, ...]

    @property
    def is_liquidatable(self) -> bool:
        """Whether the venue closes it now: something is held, and the maintenance margin has reached the balance."""
        return bool(self.positions) and self.maintenance >= self.equity


def unrealised_pnl_16(position: HeldPosition, mark: int) -> int:
    """size * mark - cost, in 1e-16 of the margin asset; profit > 0."""
    return position.size * mark - position.cost * UNIT


def maintenance_24(position: HeldPosition, mark: int, catalogue: Catalogue) -> int:
    """notional * rate - cum in the bracket of the notional at the mark, in 1e-24 of the margin asset."""
    notional = abs(position.size) * mark
    bracket = catalogue.instruments[position.symbol].brackets.at(notional)
    return notional * bracket.maintenance_rate - bracket.cum * _WALLET_TO_ASSET


def bid_16(asset: MarginAsset, index: int) -> int:
    """What a unit of the asset counts when there is some, in USD of 1e-16."""
    return index * (UNIT - asset.bid_buffer)


def ask_16(asset: MarginAsset, index: int) -> int:
    """What a unit of the asset costs when it is owed, in USD of 1e-16."""
    return index * (UNIT + asset.ask_buffer)


def pool_values(account: SimulatedAccount, prices: Prices, catalogue: Catalogue) -> list[PoolValue]:
    """Every pool of the account that holds a position: isolated ones first, then the cross pools, by asset."""
    values: list[PoolValue] = []
    crossed: dict[str, list[HeldPosition]] = {}
    for position in account.open_positions():
        if position.isolated:
            values.append(_isolated_value(position, prices.marks[position.symbol], catalogue))
        else:
            crossed.setdefault(position.asset, []).append(position)
    if account.multi_assets:
        if crossed:
            values.append(_multi_assets_value(account, crossed, prices, catalogue))
    else:
        values += [
            _cross_value(asset, account.cross_wallet(asset), held, prices.marks, catalogue)
            for asset, held in sorted(crossed.items())
        ]
    return values


def _isolated_value(position: HeldPosition, mark: int, catalogue: Catalogue) -> PoolValue:
    suffix = "" if position.side == "BOTH" else f"/{position.side.lower()}"
    return PoolValue(
        pool=f"isolated/{position.symbol}{suffix}",
        currency=position.asset,
        equity=position.isolated_wallet * _WALLET_TO_ASSET + unrealised_pnl_16(position, mark) * UNIT,
        maintenance=maintenance_24(position, mark, catalogue),
        scale=ASSET_SCALE,
        positions=(position,),
    )


def _cross_value(
    asset: str, wallet: int, held: list[HeldPosition], marks: Mapping[str, int], catalogue: Catalogue
) -> PoolValue:
    equity, maintenance = _balance_and_maintenance(wallet, held, marks, catalogue)
    return PoolValue(
        pool=f"cross/{asset}", currency=asset, equity=equity, maintenance=maintenance, scale=ASSET_SCALE, positions=tuple(held)
    )


def _balance_and_maintenance(
    wallet: int, held: list[HeldPosition], marks: Mapping[str, int], catalogue: Catalogue
) -> tuple[int, int]:
    pnl = sum(unrealised_pnl_16(item, marks[item.symbol]) for item in held)
    maintenance = sum(maintenance_24(item, marks[item.symbol], catalogue) for item in held)
    return wallet * _WALLET_TO_ASSET + pnl * UNIT, maintenance


def _multi_assets_value(
    account: SimulatedAccount, crossed: dict[str, list[HeldPosition]], prices: Prices, catalogue: Catalogue
) -> PoolValue:
    equity = maintenance = 0
    for name in sorted(account.wallets.keys() | crossed.keys()):
        asset, index = catalogue.assets[name], prices.asset_indices[name]
        balance, required = _balance_and_maintenance(account.cross_wallet(name), crossed.get(name, []), prices.marks, catalogue)
        ask = ask_16(asset, index)
        equity += balance * (bid_16(asset, index) if balance >= 0 else ask)
        maintenance += required * ask
    held = tuple(item for name in sorted(crossed) for item in crossed[name])
    return PoolValue(pool="cross", currency="USD", equity=equity, maintenance=maintenance, scale=USD_SCALE, positions=held)
