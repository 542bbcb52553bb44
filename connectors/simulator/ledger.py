"""What a trade does to an account: wallet, position, isolated margin. Exact integers of 1e-8."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.simulator.account import HeldPosition, SimulatedAccount
from connectors.simulator.catalogue import SimulatedInstrument
from connectors.simulator.fixed_point import UNIT, divide_half_even


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What was traded; `quantity` > 0, `fee` > 0 paid, in the margin asset."""

    instrument: SimulatedInstrument
    buy: bool
    position_side: str
    quantity: int
    price: int
    fee: int

    def __post_init__(self) -> None:
        if self.quantity <= 0 or self.quantity % self.instrument.step or self.price % self.instrument.tick:
            raise ValueError(f"{self.instrument.symbol}: quantity {self.quantity} or price {self.price} is off the steps")


def apply_execution(account: SimulatedAccount, execution: Execution, time_ms: int) -> int:
    """Books one execution and returns the realised PnL, rounded half even to 1e-8.

    A trade against the position first closes what is there and opens the other way with the rest. The cost that a
    close releases is its proceeds less the printed PnL, so that wallet + unrealised PnL moves by the fee alone.
    An isolated position takes notional / leverage from the cross wallet when it opens, and gives back its share,
    profit or loss included, when it closes; fees come from the cross wallet.
    """
    asset = execution.instrument.quote
    position = account.position(execution.instrument.symbol, execution.position_side, asset)
    signed = execution.quantity if execution.buy else -execution.quantity
    closing = min(execution.quantity, abs(position.size)) if position.size * signed < 0 else 0
    realised = _close(position, closing, execution.price) if closing else 0
    opening = execution.quantity - closing
    if opening:
        _open(account, position, opening if execution.buy else -opening, execution.price)
    position.realised += realised
    position.updated_ms = time_ms
    account.wallets[asset] = account.wallets.get(asset, 0) + realised - execution.fee
    account.wallet_times[asset] = account.changed_ms = time_ms
    return realised


def _close(position: HeldPosition, closing: int, price: int) -> int:
    whole = abs(position.size)
    direction = 1 if position.size > 0 else -1
    proceeds = direction * closing * price // UNIT
    released = divide_half_even(position.cost * closing, whole)
    realised = proceeds - released
    position.cost -= released
    position.size -= direction * closing
    if position.isolated:
        position.isolated_wallet -= position.isolated_wallet * closing // whole
    return realised


def _open(account: SimulatedAccount, position: HeldPosition, signed: int, price: int) -> None:
    position.size += signed
    notional = signed * price // UNIT
    position.cost += notional
    if position.isolated:
        position.isolated_wallet += abs(notional) // account.leverages[position.symbol]
