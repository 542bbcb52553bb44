"""The venue's own liquidation price: where the pool's balance meets its maintenance margin, all other prices fixed."""

from __future__ import annotations

from collections.abc import Callable

from connectors.simulator.account import HeldPosition, SimulatedAccount
from connectors.simulator.catalogue import Catalogue
from connectors.simulator.margin import ASSET_SCALE, ask_16, bid_16, maintenance_24, unrealised_pnl_16
from connectors.simulator.market import Prices

_WALLET: int = 10 ** (ASSET_SCALE - 8)
_PNL: int = 10 ** (ASSET_SCALE - 16)
_HIGHEST = 64  # times the mark: what is not liquidated there never is


def liquidation_price(account: SimulatedAccount, position: HeldPosition, prices: Prices, catalogue: Catalogue) -> int:
    """The mark of the position's symbol at which its pool is closed, in 1e-8; 0 where there is none, as the venue prints.

    In cross mode the long and the short position of a symbol share one price. Found by halving, since balance less
    maintenance is piecewise linear in the price.
    """
    slack, delta = _slack(account, position, prices, catalogue)
    mark = prices.marks[position.symbol]
    if slack(mark) <= 0:
        return mark
    bad, good = (0, mark) if delta > 0 else (mark * _HIGHEST, mark)
    if slack(bad) > 0:
        return 0
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if slack(middle) > 0 else (good, middle)
    return bad


def _slack(
    account: SimulatedAccount, position: HeldPosition, prices: Prices, catalogue: Catalogue
) -> tuple[Callable[[int], int], int]:
    """(balance less maintenance as a function of the symbol's mark, net size of the symbol in the pool)."""
    if position.isolated:
        legs, others, wallet = [position], [], position.isolated_wallet
    else:
        pool = [item for item in account.open_positions() if not item.isolated and item.asset == position.asset]
        legs = [item for item in pool if item.symbol == position.symbol]
        others = [item for item in pool if item.symbol != position.symbol]
        wallet = account.cross_wallet(position.asset)
    balance = wallet * _WALLET + sum(unrealised_pnl_16(item, prices.marks[item.symbol]) for item in others) * _PNL
    required = sum(maintenance_24(item, prices.marks[item.symbol], catalogue) for item in others)
    usd = account.multi_assets and not position.isolated
    elsewhere = _usd_elsewhere(account, position.asset, prices, catalogue) if usd else 0
    asset, index = catalogue.assets[position.asset], prices.asset_indices[position.asset]
    bid, ask = bid_16(asset, index), ask_16(asset, index)

    def slack(mark: int) -> int:
        here = balance + sum(unrealised_pnl_16(item, mark) for item in legs) * _PNL
        needed = required + sum(maintenance_24(item, mark, catalogue) for item in legs)
        if not usd:
            return here - needed
        return elsewhere + here * (bid if here >= 0 else ask) - needed * ask

    return slack, sum(item.size for item in legs)


def _usd_elsewhere(account: SimulatedAccount, but: str, prices: Prices, catalogue: Catalogue) -> int:
    """Balance less maintenance of all assets but one, in USD of 1e-40."""
    total = 0
    held = [item for item in account.open_positions() if item.asset != but]
    for name in sorted(account.wallets.keys() | {item.asset for item in held}):
        if name == but:
            continue
        own = [item for item in held if item.asset == name]
        asset, index = catalogue.assets[name], prices.asset_indices[name]
        balance = account.cross_wallet(name) * _WALLET
        balance += sum(unrealised_pnl_16(item, prices.marks[item.symbol]) for item in own) * _PNL
        required = sum(maintenance_24(item, prices.marks[item.symbol], catalogue) for item in own)
        ask = ask_16(asset, index)
        total += balance * (bid_16(asset, index) if balance >= 0 else ask) - required * ask
    return total
