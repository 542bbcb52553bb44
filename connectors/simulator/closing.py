"""How the venue liquidates a pool: orders cancelled, positions closed at the mark, the rest settled with the insurance fund.

Binance liquidation protocol (FAQ 360033525271) and Multi-Assets mode pages, as read on 2026-11-22. The simulated venue
closes a pool whole: the documents' partial step applies to positions above the lowest bracket and is left out here.
"""

from __future__ import annotations

from connectors.simulator.account import HeldPosition, SimulatedAccount
from connectors.simulator.desk import Desk
from connectors.simulator.fixed_point import UNIT
from connectors.simulator.margin import PoolValue, ask_16, bid_16

_CLEARANCE_RATE = 1_000_000  # 1 % of what was closed, as far as the pool has it; in 1e-8


def close_pool(desk: Desk, account: SimulatedAccount, pool: PoolValue, time_ms: int) -> None:
    """Closes every position of the pool at the mark of the tick that ended it, and settles what is left."""
    held = [item for item in pool.positions if item.size]  # its owner may have closed some by REST since the tick
    if not held:
        return
    isolated = held[0] if held[0].isolated else None
    symbols = {isolated.symbol} if isolated else {item.symbol for item in held}
    for order_id in [number for number, order in account.orders.items() if order.symbol in symbols]:
        desk.cancel_order(account, order_id, time_ms)
    if isolated is not None:
        _close_isolated(desk, account, isolated, time_ms)
        return
    closed: dict[str, int] = {}
    for position in held:
        closed[position.asset] = closed.get(position.asset, 0) + _close(desk, account, position, time_ms)
    if account.multi_assets:
        _cover_deficits(desk, account, time_ms)
    for asset, notional in closed.items():
        _settle(desk, account, asset, account.cross_wallet(asset), notional, time_ms)
    account.liquidated = True


def _close(desk: Desk, account: SimulatedAccount, position: HeldPosition, time_ms: int) -> int:
    """Closes one position and returns the notional that was closed."""
    price = desk.catalogue.instruments[position.symbol].to_tick(desk.prices.marks[position.symbol])
    trade = desk.trade(
        account,
        position.symbol,
        buy=position.size < 0,
        position_side=position.side,
        quantity=abs(position.size),
        price=price,
        time_ms=time_ms,
        liquidation=True,
    )
    return trade.quote


def _close_isolated(desk: Desk, account: SimulatedAccount, position: HeldPosition, time_ms: int) -> None:
    """The loss ends at the isolated wallet: the insurance fund pays beyond it, and takes its fee out of what is left."""
    asset, before = position.asset, account.cross_wallet(position.asset)
    notional = _close(desk, account, position, time_ms)
    _settle(desk, account, asset, account.cross_wallet(asset) - before, notional, time_ms)


def _settle(desk: Desk, account: SimulatedAccount, asset: str, left: int, notional: int, time_ms: int) -> None:
    """`left` of the pool's balance is raised to 0 by the insurance fund, or pays the clearance fee to it."""
    amount = -left if left < 0 else -min(left, notional * _CLEARANCE_RATE // UNIT)
    if amount:
        desk.move_balance(account, asset, amount, reason="INSURANCE_CLEAR", kind="INSURANCE_CLEAR", time_ms=time_ms)


def _cover_deficits(desk: Desk, account: SimulatedAccount, time_ms: int) -> None:
    """Sells other assets at their auto-exchange bid for an asset that is owed, at its ask."""
    for owed in [asset for asset in sorted(account.wallets) if account.cross_wallet(asset) < 0]:
        ask = ask_16(desk.catalogue.assets[owed], desk.prices.asset_indices[owed])
        for sold in [asset for asset in sorted(account.wallets) if account.cross_wallet(asset) > 0]:
            deficit = -account.cross_wallet(owed)
            if deficit <= 0:
                break
            bid = bid_16(desk.catalogue.assets[sold], desk.prices.asset_indices[sold])
            needed = -(-deficit * ask // bid)
            taken = min(needed, account.cross_wallet(sold))
            bought = min(deficit, taken * bid // ask)
            for asset, amount in ((sold, -taken), (owed, bought)):
                desk.move_balance(account, asset, amount, reason="AUTO_EXCHANGE", kind="AUTO_EXCHANGE", time_ms=time_ms)
