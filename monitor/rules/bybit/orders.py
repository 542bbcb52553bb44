"""What open orders hold back of the initial margin: order cost = value / leverage + fee to open + fee to close.

Unverified where it meets positions: see `documents.ORDERS_OPEN`. No level depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import Order, Position
from monitor.domain.ids import symbol_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import TableKey, TableKind
from monitor.rules.bybit.documents import VENUE
from monitor.rules.bybit.terms import fee_to_close
from monitor.rules.exact import exact, quotient
from monitor.rules.rulebook import Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCost:
    """What one opening order costs, in its settle coin."""

    order: Order
    settle_asset: str
    initial_margin: Decimal
    fee_to_open: Decimal
    fee_to_close: Decimal
    bankruptcy_price: Decimal

    @property
    def total(self) -> Decimal:
        """The whole cost of the order."""
        with exact():
            return self.initial_margin + self.fee_to_open + self.fee_to_close


def order_costs(
    orders: tuple[Order, ...], positions: tuple[Position, ...], tables: Tables
) -> tuple[tuple[OrderCost, ...], tuple[str, ...]]:
    """The cost of each opening order, and why some of it is not known."""
    by_instrument = {p.instrument: p for p in positions}
    costs, reasons = [], []
    for order in orders:
        if order.reduce_only:
            continue
        cost = _order_cost(order, by_instrument.get(order.instrument), tables)
        if cost is None:
            reasons.append(f"margin of open orders on {order.instrument} not known")
        else:
            costs.append(cost)
    return tuple(costs), tuple(dict.fromkeys(reasons))


def order_margins(costs: tuple[OrderCost, ...]) -> dict[str, Decimal]:
    """The cost of the orders by settle coin."""
    margins: dict[str, Decimal] = {}
    with exact():
        for cost in costs:
            margins[cost.settle_asset] = margins.get(cost.settle_asset, Decimal(0)) + cost.total
    return margins


def _order_cost(order: Order, position: Position | None, tables: Tables) -> OrderCost | None:
    found = tables.find(TableKey(VENUE, TableKind.INSTRUMENT, symbol_of(order.instrument)))
    leverage = order.leverage or (None if position is None else position.leverage)
    fee_rate = order.taker_fee_rate
    if fee_rate is None and position is not None:
        fee_rate = position.taker_fee_rate
    price = order.limit_price
    if found is None or not isinstance(found.table, Instrument) or not leverage or fee_rate is None or price is None:
        return None
    if found.table.kind.is_inverse:
        return None  # the page of the cost of an order is that of USDT contracts
    with exact():
        quantity = order.size * found.table.contract_size
        value = abs(quantity) * price
        side = Decimal(1) if quantity > 0 else Decimal(-1)
        return OrderCost(
            order=order,
            settle_asset=found.table.settle_asset,
            initial_margin=quotient(value, leverage),
            fee_to_open=value * fee_rate,
            fee_to_close=fee_to_close(quantity, price, leverage, fee_rate),
            bankruptcy_price=quotient(price * (leverage - side), leverage),
        )
