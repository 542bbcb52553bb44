"""The messages of the streams, in the venue's own fields and spellings.

Binance USDⓈ-M documentation, market streams and user data streams, as read on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.simulator.account import HeldPosition, RestingOrder, SimulatedAccount, Trade
from connectors.simulator.catalogue import Catalogue
from connectors.simulator.fixed_point import UNIT, divide_half_even, short_text_of, text_of
from connectors.simulator.liquidation import entry_price_text
from connectors.simulator.margin import maintenance_24, unrealised_pnl_16
from connectors.simulator.market import Prices

Payload = dict[str, object]


def mark_price_events(
    prices: Prices, catalogue: Catalogue, rates: dict[str, int], funding_ms: int, shift_ms: int
) -> list[Payload]:
    """One markPriceUpdate for every instrument, all with the event time of the tick."""
    return [
        {
            "e": "markPriceUpdate",
            "E": prices.time_ms + shift_ms,
            "s": symbol,
            "p": text_of(mark),
            "P": text_of(mark),
            "i": text_of(prices.indices[symbol]),
            "r": text_of(rates[symbol]) if catalogue.instruments[symbol].is_perpetual else "0.00000000",
            "T": funding_ms + shift_ms if catalogue.instruments[symbol].is_perpetual else 0,
        }
        for symbol, mark in prices.marks.items()
    ]


def asset_index_events(prices: Prices, catalogue: Catalogue, shift_ms: int) -> list[Payload]:
    """One assetIndexUpdate for every margin asset: index, buffers and the rates that follow."""
    events: list[Payload] = []
    for name, index in prices.asset_indices.items():
        asset = catalogue.assets[name]
        bid = text_of(divide_half_even(index * (UNIT - asset.bid_buffer), UNIT))
        ask = text_of(divide_half_even(index * (UNIT + asset.ask_buffer), UNIT))
        bid_buffer, ask_buffer = text_of(asset.bid_buffer), text_of(asset.ask_buffer)
        events.append(
            {
                "e": "assetIndexUpdate",
                "E": prices.time_ms + shift_ms,
                "s": f"{name}USD",
                "i": text_of(index),
                "b": bid_buffer,
                "a": ask_buffer,
                "B": bid,
                "A": ask,
                "q": bid_buffer,
                "g": ask_buffer,
                "Q": bid,
                "G": ask,
            }
        )
    return events


def account_update(
    account: SimulatedAccount,
    reason: str,
    changes: dict[str, int],
    positions: Iterable[HeldPosition],
    marks: dict[str, int],
    time_ms: int,
) -> Payload:
    """ACCOUNT_UPDATE with the changed wallets (`changes`: balance change except PnL and fee, per asset) and positions."""
    return {
        "e": "ACCOUNT_UPDATE",
        "T": time_ms,
        "E": time_ms + 2,
        "a": {
            "B": [
                {
                    "a": asset,
                    "wb": text_of(account.wallets.get(asset, 0)),
                    "cw": text_of(account.cross_wallet(asset)),
                    "bc": short_text_of(change),
                }
                for asset, change in changes.items()
            ],
            "P": [_position(item, marks[item.symbol]) for item in positions],
            "m": reason,
        },
    }


def _position(position: HeldPosition, mark: int) -> Payload:
    entry = entry_price_text(position.size, position.cost)
    return {
        "s": position.symbol,
        "pa": short_text_of(position.size),
        "ep": entry,
        "cr": text_of(position.realised),
        "up": text_of(unrealised_pnl_16(position, mark), scale=16, places=8),
        "mt": "isolated" if position.isolated else "cross",
        "iw": text_of(position.isolated_wallet),
        "ps": position.side,
        "ma": position.asset,
        "bep": entry,
    }


def trade_event(trade: Trade) -> Payload:
    """ORDER_TRADE_UPDATE of an execution; a liquidation is an order of the venue's own, executed as CALCULATED."""
    body = _order_body(trade.symbol, trade.client_id, buy=trade.buy, position_side=trade.position_side)
    quantity, price = short_text_of(trade.quantity), short_text_of(trade.price)
    body |= {
        "o": "LIQUIDATION" if trade.liquidation else "MARKET",
        "f": "IOC" if trade.liquidation else "GTC",
        "q": quantity,
        "ap": price,
        "x": "CALCULATED" if trade.liquidation else "TRADE",
        "X": "FILLED",
        "i": trade.order_id,
        "l": quantity,
        "z": quantity,
        "L": price,
        "n": text_of(trade.fee),
        "N": trade.asset,
        "T": trade.time_ms,
        "t": trade.trade_id,
        "ot": "LIQUIDATION" if trade.liquidation else "MARKET",
        "rp": text_of(trade.realised),
    }
    return {"e": "ORDER_TRADE_UPDATE", "T": trade.time_ms, "E": trade.time_ms + 2, "o": body}


def trade_lite(trade: Trade) -> Payload:
    """TRADE_LITE: the fast and shorter form of the same execution, with the same trade id."""
    return {
        "e": "TRADE_LITE",
        "E": trade.time_ms + 1,
        "T": trade.time_ms,
        "s": trade.symbol,
        "q": short_text_of(trade.quantity),
        "p": "0",
        "m": False,
        "c": trade.client_id,
        "S": "BUY" if trade.buy else "SELL",
        "L": short_text_of(trade.price),
        "l": short_text_of(trade.quantity),
        "t": trade.trade_id,
        "i": trade.order_id,
    }


def order_event(order: RestingOrder, status: str, time_ms: int) -> Payload:
    """ORDER_TRADE_UPDATE of a limit order that was placed (NEW) or taken back (CANCELED)."""
    body = _order_body(order.symbol, order.client_id, buy=order.buy, position_side=order.position_side)
    body |= {
        "q": short_text_of(order.quantity),
        "p": short_text_of(order.price),
        "x": status,
        "X": status,
        "i": order.order_id,
        "T": time_ms,
    }
    return {"e": "ORDER_TRADE_UPDATE", "T": time_ms, "E": time_ms + 2, "o": body}


def _order_body(symbol: str, client_id: str, *, buy: bool, position_side: str) -> Payload:
    """All fields of an order that nothing happened to yet."""
    return {
        "s": symbol,
        "c": client_id,
        "S": "BUY" if buy else "SELL",
        "o": "LIMIT",
        "f": "GTC",
        "q": "0",
        "p": "0",
        "ap": "0",
        "sp": "0",
        "x": "NEW",
        "X": "NEW",
        "i": 0,
        "l": "0",
        "z": "0",
        "L": "0",
        "n": "0",
        "N": "USDT",
        "T": 0,
        "t": 0,
        "b": "0",
        "a": "0",
        "m": False,
        "R": False,
        "wt": "CONTRACT_PRICE",
        "ot": "LIMIT",
        "ps": position_side,
        "cp": False,
        "rp": "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": "EXPIRE_MAKER",
        "pm": "NONE",
        "gtd": 0,
        "er": "0",
    }


def leverage_event(symbol: str, leverage: int, time_ms: int) -> Payload:
    """ACCOUNT_CONFIG_UPDATE after a change of leverage."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "T": time_ms, "E": time_ms + 2, "ac": {"s": symbol, "l": leverage}}


def margin_call(
    positions: Iterable[HeldPosition], cross_wallet: int, marks: dict[str, int], catalogue: Catalogue, time_ms: int
) -> Payload:
    """MARGIN_CALL: the positions of a pool whose risk ratio is too high, with six decimals."""
    return {
        "e": "MARGIN_CALL",
        "E": time_ms,
        "cw": text_of(cross_wallet),
        "p": [
            {
                "s": item.symbol,
                "ps": item.side,
                "pa": short_text_of(item.size),
                "mt": "ISOLATED" if item.isolated else "CROSSED",
                "iw": short_text_of(item.isolated_wallet),
                "mp": text_of(marks[item.symbol]),
                "up": text_of(unrealised_pnl_16(item, marks[item.symbol]), scale=16, places=6),
                "mm": text_of(maintenance_24(item, marks[item.symbol], catalogue), scale=24, places=6),
            }
            for item in positions
        ],
    }


def listen_key_expired(listen_key: str, time_ms: int) -> Payload:
    """listenKeyExpired: nothing follows it on the stream."""
    return {"e": "listenKeyExpired", "E": time_ms, "listenKey": listen_key}


def force_order(trade: Trade) -> Payload:
    """The public forceOrder of a liquidation fill."""
    quantity, price = short_text_of(trade.quantity), short_text_of(trade.price)
    return {
        "e": "forceOrder",
        "E": trade.time_ms + 2,
        "o": {
            "s": trade.symbol,
            "S": "BUY" if trade.buy else "SELL",
            "o": "LIMIT",
            "f": "IOC",
            "q": quantity,
            "p": price,
            "ap": price,
            "X": "FILLED",
            "l": quantity,
            "z": quantity,
            "T": trade.time_ms,
        },
    }
