"""Public answers: instruments, brackets, prices, asset index. Binance USDⓈ-M REST documentation, as read on 2026-11-22."""

from __future__ import annotations

from connectors.simulator.catalogue import SimulatedInstrument
from connectors.simulator.exchange import Exchange
from connectors.simulator.fixed_point import UNIT, divide_half_even, short_text_of, text_of
from connectors.simulator.stream_events import Payload

_ONBOARD_MS = 1_569_398_400_000


def exchange_info_answer(exchange: Exchange, now_ms: int) -> Payload:
    """GET /fapi/v1/exchangeInfo."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}],
        "exchangeFilters": [],
        "assets": [
            {"asset": name, "marginAvailable": True, "autoAssetExchange": "-10000"} for name in exchange.catalogue.assets
        ],
        "symbols": [_symbol(item) for item in exchange.catalogue.instruments.values()],
    }


def _symbol(item: SimulatedInstrument) -> Payload:
    tick, step = short_text_of(item.tick), short_text_of(item.step)
    return {
        "symbol": item.symbol,
        "pair": item.base + item.quote,
        "contractType": item.contract_type,
        "deliveryDate": item.delivery_ms,
        "onboardDate": _ONBOARD_MS,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": item.base,
        "quoteAsset": item.quote,
        "marginAsset": item.quote,
        "pricePrecision": _decimals(tick),
        "quantityPrecision": _decimals(step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.010000",
        "marketTakeBound": "0.05",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "10000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "10000000", "stepSize": step},
            {"filterType": "MARKET_LOT_SIZE", "minQty": step, "maxQty": "1000000", "stepSize": step},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC"],
    }


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def premium_index_rows(exchange: Exchange, symbol: str, shift_ms: int) -> list[Payload]:
    """GET /fapi/v1/premiumIndex for all symbols, or one."""
    prices = exchange.prices
    rows: list[Payload] = []
    for name in [symbol] if symbol else list(exchange.catalogue.instruments):
        perpetual = exchange.catalogue.instruments[name].is_perpetual
        rows.append(
            {
                "symbol": name,
                "markPrice": text_of(prices.marks[name]),
                "indexPrice": text_of(prices.indices[name]),
                "estimatedSettlePrice": text_of(prices.marks[name]),
                "lastFundingRate": text_of(exchange.market.funding_rates[name]) if perpetual else "",
                "interestRate": "0.00010000" if perpetual else "",
                "nextFundingTime": exchange.next_funding_ms + shift_ms if perpetual else 0,
                "time": prices.time_ms + shift_ms,
            }
        )
    return rows


def asset_index_rows(exchange: Exchange, symbol: str, shift_ms: int) -> list[Payload]:
    """GET /fapi/v1/assetIndex for all assets, or one (`BTCUSD`)."""
    prices = exchange.prices
    rows: list[Payload] = []
    for name, asset in exchange.catalogue.assets.items():
        if symbol and symbol != f"{name}USD":
            continue
        index = prices.asset_indices[name]
        bid = text_of(divide_half_even(index * (UNIT - asset.bid_buffer), UNIT))
        ask = text_of(divide_half_even(index * (UNIT + asset.ask_buffer), UNIT))
        rows.append(
            {
                "symbol": f"{name}USD",
                "time": prices.time_ms + shift_ms,
                "index": text_of(index),
                "bidBuffer": text_of(asset.bid_buffer),
                "askBuffer": text_of(asset.ask_buffer),
                "bidRate": bid,
                "askRate": ask,
                "autoExchangeBidBuffer": text_of(asset.bid_buffer),
                "autoExchangeAskBuffer": text_of(asset.ask_buffer),
                "autoExchangeBidRate": bid,
                "autoExchangeAskRate": ask,
            }
        )
    return rows


def leverage_bracket_rows(exchange: Exchange, symbol: str) -> list[Payload]:
    """GET /fapi/v1/leverageBracket; rates and `cum` are JSON numbers here, as at the venue."""
    return [
        {
            "symbol": name,
            "notionalCoef": 1.0,
            "brackets": [
                {
                    "bracket": step.number,
                    "initialLeverage": step.leverage,
                    "notionalCap": step.cap,
                    "notionalFloor": step.floor,
                    "maintMarginRatio": step.maintenance_rate / UNIT,
                    "cum": step.cum / UNIT,
                }
                for step in exchange.catalogue.instruments[name].brackets.brackets
            ],
        }
        for name in ([symbol] if symbol else list(exchange.catalogue.instruments))
    ]
