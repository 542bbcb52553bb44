"""The initial margin that open orders hold back. Unverified: see `documents.ORDERS`. No level depends on it."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.holdings import Order, Position
from monitor.domain.ids import symbol_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import TableKey, TableKind
from monitor.rules.binance_usdm.documents import VENUE
from monitor.rules.exact import exact, quotient
from monitor.rules.rulebook import Tables


def order_margins(
    orders: tuple[Order, ...], positions: tuple[Position, ...], tables: Tables
) -> tuple[dict[str, Decimal], tuple[str, ...]]:
    """Margin of opening orders by settle asset, `size * limit price / leverage`, and why some of it is not known."""
    leverages = {p.instrument: p.leverage for p in positions if p.leverage is not None}
    margins: dict[str, Decimal] = {}
    reasons: dict[str, None] = {}
    for order in orders:
        if order.reduce_only:
            continue
        found = tables.find(TableKey(VENUE, TableKind.INSTRUMENT, symbol_of(order.instrument)))
        leverage = leverages.get(order.instrument)
        if found is None or not isinstance(found.table, Instrument) or leverage is None or order.limit_price is None:
            reasons[f"margin of open orders on {order.instrument} not known"] = None
            continue
        with exact():
            notional = abs(order.size) * found.table.contract_size * order.limit_price
            asset = found.table.settle_asset
            margins[asset] = margins.get(asset, Decimal(0)) + quotient(notional, leverage)
    return margins, tuple(reasons)
