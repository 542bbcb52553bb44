"""Answers of REST about the past: own trades and income, the source of what a stream lost.

Sources: "Account Trade List" and "Get Income History" of USDⓈ-M futures, developers.binance.com, read 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from connectors.venues.binance.account_events import QUIET_REASONS, Origin, cash_event, position_side, signed
from connectors.venues.binance.decoding import build, decode
from connectors.venues.binance.numbers import nanoseconds, number, number_or_none
from monitor.domain.events import AccountEventType, Fill
from monitor.domain.ids import subject_id

# Income types that a fill carries already: counting both would take the money twice.
_OF_A_FILL = frozenset({"REALIZED_PNL", "COMMISSION"})
# What /income calls by another name than ACCOUNT_UPDATE does; deposits and withdrawals of the stream are TRANSFER here.
TRANSFER_REASONS = frozenset(
    {
        "TRANSFER",
        "INTERNAL_TRANSFER",
        "CROSS_COLLATERAL_TRANSFER",
        "DEPOSIT",
        "WITHDRAW",
        "ASSET_TRANSFER",
        "ADMIN_DEPOSIT",
        "ADMIN_WITHDRAW",
    }
)


class _Trade(
    msgspec.Struct,
    rename={
        "trade_id": "id",
        "order_id": "orderId",
        "position_side": "positionSide",
        "fill_price": "price",
        "quantity": "qty",
        "fee": "commission",
        "fee_asset": "commissionAsset",
        "realised_pnl": "realizedPnl",
        "time_ms": "time",
    },
):
    symbol: str
    trade_id: int
    order_id: int
    side: str
    position_side: str
    fill_price: str
    quantity: str
    fee: str
    fee_asset: str
    realised_pnl: str
    time_ms: int


class _Income(
    msgspec.Struct,
    rename={"income_type": "incomeType", "time_ms": "time", "transaction_id": "tranId"},
):
    income_type: str
    income: str
    asset: str
    time_ms: int
    symbol: str = ""
    transaction_id: int | str | None = None


_trades = msgspec.json.Decoder(list[_Trade])
_income = msgspec.json.Decoder(list[_Income])


@dataclass(frozen=True, slots=True)
class IncomePage:
    """One page of income: events that moved money without a trade; symbols that traded; the last time, and the rows."""

    events: list[AccountEventType]
    traded_symbols: frozenset[str]
    last_ms: int
    rows: int


@dataclass(frozen=True, slots=True)
class TradePage:
    """One page of own trades in the order of the answer; `last_id` continues it with `fromId = last_id + 1`."""

    fills: list[Fill]
    last_id: int
    rows: int


def trade_page(raw: bytes, ts_recv_ns: int, origin: Origin, source: str) -> TradePage:
    """Fills of `/fapi/v1/userTrades`. The answer does not say why a trade happened: the cause is left at `order`."""
    rows = decode(_trades, raw, source)
    fills = [_fill(row, ts_recv_ns, origin, f"{source} {row.symbol}") for row in rows]
    return TradePage(fills, max((row.trade_id for row in rows), default=0), len(rows))


def income_page(raw: bytes, ts_recv_ns: int, origin: Origin, source: str) -> IncomePage:
    """Funding, fees and transfers of `/fapi/v1/income`; what belongs to fills only names their symbols."""
    events: list[AccountEventType] = []
    traded: set[str] = set()
    rows = decode(_income, raw, source)
    for row in rows:
        if row.income_type in _OF_A_FILL:
            traded.add(row.symbol)
            continue
        amount = number_or_none(row.income, "income", source)
        if not amount or row.income_type in QUIET_REASONS:
            continue
        instrument = subject_id(origin.venue, row.symbol) if row.symbol else None
        events.append(
            cash_event(
                row.income_type,
                row.asset,
                amount,
                pool=None,
                instrument=instrument,
                time_ns=nanoseconds(row.time_ms, "time", source),
                ts_recv_ns=ts_recv_ns,
                origin=origin,
                source=source,
            )
        )
    return IncomePage(events, frozenset(traded), max((row.time_ms for row in rows), default=0), len(rows))


def _fill(row: _Trade, ts_recv_ns: int, origin: Origin, source: str) -> Fill:
    return build(
        lambda: Fill(
            account=origin.account,
            ts_event_ns=nanoseconds(row.time_ms, "time", source),
            ts_recv_ns=ts_recv_ns,
            source=origin.source,
            source_epoch=origin.source_epoch,
            account_seq=1,
            instrument=subject_id(origin.venue, row.symbol),
            trade_id=str(row.trade_id),
            order_id=str(row.order_id),
            position_side=position_side(row.position_side, "positionSide", source),
            size=signed(number(row.quantity, "qty", source), row.side, source),
            fill_price=number(row.fill_price, "price", source),
            fee=number(row.fee, "commission", source),
            fee_asset=row.fee_asset or None,
            realised_pnl=number(row.realised_pnl, "realizedPnl", source),
        ),
        source,
    )
