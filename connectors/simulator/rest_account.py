"""Answers about one account: figures, positions, trades, income, settings. Amounts are truncated as the venue prints them.

Binance USDⓈ-M REST documentation (account v3, position risk v3, balance v3), as read on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connectors.simulator.account import CROSSED, ISOLATED, HeldPosition, Income, RestingOrder, SimulatedAccount, Trade
from connectors.simulator.exchange import Exchange
from connectors.simulator.fixed_point import UNIT, short_text_of, text_of
from connectors.simulator.liquidation import entry_price_text
from connectors.simulator.liquidation_price import liquidation_price
from connectors.simulator.margin import ask_16, bid_16, maintenance_24, unrealised_pnl_16
from connectors.simulator.stream_events import Payload

_MAX_ADL_RANK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """Sums of one margin asset in 1e-8: balances, PnL, initial and maintenance margin, of cross and isolated positions."""

    wallet: int
    cross_wallet: int
    pnl: int
    cross_pnl: int
    initial: int
    order_initial: int
    maintenance: int

    @property
    def available(self) -> int:
        return max(0, self.cross_wallet + self.cross_pnl - self.initial - self.order_initial)


def _asset_figures(account: SimulatedAccount, exchange: Exchange, asset: str) -> _Figures:
    held = [item for item in account.open_positions() if item.asset == asset]
    marks, catalogue = exchange.prices.marks, exchange.catalogue
    orders = [item for item in account.orders.values() if catalogue.instruments[item.symbol].quote == asset]
    return _Figures(
        wallet=account.wallets.get(asset, 0),
        cross_wallet=account.cross_wallet(asset),
        pnl=_truncated(sum(unrealised_pnl_16(item, marks[item.symbol]) for item in held)),
        cross_pnl=_truncated(sum(unrealised_pnl_16(item, marks[item.symbol]) for item in held if not item.isolated)),
        initial=sum(_initial(account, item, marks[item.symbol]) for item in held if not item.isolated),
        order_initial=sum(item.quantity * item.price // UNIT // account.leverages.get(item.symbol, 20) for item in orders),
        maintenance=sum(maintenance_24(item, marks[item.symbol], catalogue) for item in held) // 10**16,
    )


def _truncated(amount_16: int) -> int:
    return abs(amount_16) // UNIT * (1 if amount_16 >= 0 else -1)


def _initial(account: SimulatedAccount, position: HeldPosition, mark: int) -> int:
    return abs(position.size) * mark // UNIT // account.leverages.get(position.symbol, 20)


def _assets(account: SimulatedAccount) -> list[str]:
    return sorted(account.wallets.keys() | {item.asset for item in account.open_positions()})


def account_answer(account: SimulatedAccount, exchange: Exchange, shift_ms: int) -> Payload:
    """GET /fapi/v3/account: totals (USDT alone in single-asset mode, USD in Multi-Assets mode), assets, open positions."""
    figures = {asset: _asset_figures(account, exchange, asset) for asset in _assets(account)}
    return {
        **_totals(account, exchange, figures),
        "assets": [_asset_row(account, asset, item, shift_ms) for asset, item in figures.items()],
        "positions": [_account_position(account, item, exchange, shift_ms) for item in account.open_positions()],
    }


def _totals(account: SimulatedAccount, exchange: Exchange, figures: dict[str, _Figures]) -> Payload:
    totals = dict.fromkeys(("initial", "maintenance", "wallet", "pnl", "balance", "orders", "cross_wallet", "cross_pnl"), 0)
    for asset, item in figures.items():
        if account.multi_assets:
            listed, index = exchange.catalogue.assets[asset], exchange.prices.asset_indices[asset]
            bid, ask = bid_16(listed, index), ask_16(listed, index)
        else:
            bid = ask = UNIT * UNIT if asset == "USDT" else 0
        worth = {
            "wallet": item.wallet,
            "pnl": item.pnl,
            "balance": item.wallet + item.pnl,
            "cross_wallet": item.cross_wallet,
            "cross_pnl": item.cross_pnl,
        }
        needs = {"initial": item.initial, "maintenance": item.maintenance, "orders": item.order_initial}
        for name, amount in worth.items():
            totals[name] += amount * (bid if amount >= 0 else ask) // (UNIT * UNIT)
        for name, amount in needs.items():
            totals[name] += amount * ask // (UNIT * UNIT)
    available = max(0, totals["cross_wallet"] + totals["cross_pnl"] - totals["initial"] - totals["orders"])
    return {
        "totalInitialMargin": text_of(totals["initial"] + totals["orders"]),
        "totalMaintMargin": text_of(totals["maintenance"]),
        "totalWalletBalance": text_of(totals["wallet"]),
        "totalUnrealizedProfit": text_of(totals["pnl"]),
        "totalMarginBalance": text_of(totals["balance"]),
        "totalPositionInitialMargin": text_of(totals["initial"]),
        "totalOpenOrderInitialMargin": text_of(totals["orders"]),
        "totalCrossWalletBalance": text_of(totals["cross_wallet"]),
        "totalCrossUnPnl": text_of(totals["cross_pnl"]),
        "availableBalance": text_of(available),
        "maxWithdrawAmount": text_of(available),
    }


def _asset_row(account: SimulatedAccount, asset: str, item: _Figures, shift_ms: int) -> Payload:
    return {
        "asset": asset,
        "walletBalance": text_of(item.wallet),
        "unrealizedProfit": text_of(item.pnl),
        "marginBalance": text_of(item.wallet + item.pnl),
        "maintMargin": text_of(item.maintenance),
        "initialMargin": text_of(item.initial + item.order_initial),
        "positionInitialMargin": text_of(item.initial),
        "openOrderInitialMargin": text_of(item.order_initial),
        "crossWalletBalance": text_of(item.cross_wallet),
        "crossUnPnl": text_of(item.cross_pnl),
        "availableBalance": text_of(item.available),
        "maxWithdrawAmount": text_of(item.available),
        "updateTime": account.wallet_times.get(asset, 0) + shift_ms,
    }


def _account_position(account: SimulatedAccount, position: HeldPosition, exchange: Exchange, shift_ms: int) -> Payload:
    mark = exchange.prices.marks[position.symbol]
    pnl = unrealised_pnl_16(position, mark)
    initial = text_of(_initial(account, position, mark))
    margin = position.isolated_wallet + _truncated(pnl) if position.isolated else 0
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": short_text_of(position.size),
        "unrealizedProfit": text_of(pnl, scale=16, places=8),
        "isolatedMargin": short_text_of(margin),
        "notional": text_of(position.size * mark, scale=16, places=8),
        "isolatedWallet": short_text_of(position.isolated_wallet),
        "initialMargin": initial,
        "maintMargin": text_of(maintenance_24(position, mark, exchange.catalogue), scale=24, places=8),
        "updateTime": position.updated_ms + shift_ms,
    }


def position_risk_answer(account: SimulatedAccount, exchange: Exchange, shift_ms: int, symbol: str = "") -> list[Payload]:
    """GET /fapi/v3/positionRisk: open positions with entry, mark and liquidation price."""
    rows: list[Payload] = []
    for position in account.open_positions():
        if symbol and position.symbol != symbol:
            continue
        row = _account_position(account, position, exchange, shift_ms)
        entry = entry_price_text(position.size, position.cost)
        price = liquidation_price(account, position, exchange.prices, exchange.catalogue)
        rows.append(
            {
                "symbol": position.symbol,
                "positionSide": position.side,
                "positionAmt": row["positionAmt"],
                "entryPrice": entry,
                "breakEvenPrice": entry,
                "markPrice": text_of(exchange.prices.marks[position.symbol]),
                "unRealizedProfit": row["unrealizedProfit"],
                "liquidationPrice": text_of(price) if price else "0",
                "isolatedMargin": row["isolatedMargin"],
                "notional": row["notional"],
                "marginAsset": position.asset,
                "isolatedWallet": row["isolatedWallet"],
                "initialMargin": row["initialMargin"],
                "maintMargin": row["maintMargin"],
                "positionInitialMargin": row["initialMargin"],
                "openOrderInitialMargin": "0",
                "adl": _adl_rank(position, exchange.prices.marks[position.symbol]),
                "bidNotional": "0",
                "askNotional": "0",
                "updateTime": row["updateTime"],
            }
        )
    return rows


def _adl_rank(position: HeldPosition, mark: int) -> int:
    """0 for a loss, then a step for every 2 % of profit on the notional."""
    pnl = unrealised_pnl_16(position, mark)
    return max(0, min(_MAX_ADL_RANK, pnl * 50 // max(1, abs(position.size) * mark)))


def balance_answer(account: SimulatedAccount, exchange: Exchange, shift_ms: int) -> list[Payload]:
    """GET /fapi/v3/balance."""
    rows: list[Payload] = []
    for asset in _assets(account):
        item = _asset_figures(account, exchange, asset)
        rows.append(
            {
                "accountAlias": account.api_key[:4],
                "asset": asset,
                "balance": text_of(item.wallet),
                "crossWalletBalance": text_of(item.cross_wallet),
                "crossUnPnl": text_of(item.cross_pnl),
                "availableBalance": text_of(item.available),
                "maxWithdrawAmount": text_of(item.available),
                "marginAvailable": True,
                "updateTime": account.wallet_times.get(asset, 0) + shift_ms,
            }
        )
    return rows


def trade_rows(trades: Iterable[Trade], shift_ms: int) -> list[Payload]:
    """GET /fapi/v1/userTrades, oldest first; `commission` is positive where it was paid."""
    return [
        {
            "symbol": item.symbol,
            "id": item.trade_id,
            "orderId": item.order_id,
            "side": "BUY" if item.buy else "SELL",
            "price": short_text_of(item.price),
            "qty": short_text_of(item.quantity),
            "realizedPnl": text_of(item.realised),
            "quoteQty": text_of(item.quote),
            "commission": text_of(item.fee),
            "commissionAsset": item.asset,
            "time": item.time_ms + shift_ms,
            "positionSide": item.position_side,
            "buyer": item.buy,
            "maker": False,
        }
        for item in trades
    ]


def income_rows(incomes: Iterable[Income], shift_ms: int) -> list[Payload]:
    """GET /fapi/v1/income, oldest first; received > 0."""
    return [
        {
            "symbol": item.symbol,
            "incomeType": item.kind,
            "income": text_of(item.amount),
            "asset": item.asset,
            "time": item.time_ms + shift_ms,
            "info": str(item.trade_id) if item.trade_id else item.kind,
            "tranId": item.transaction_id,
            "tradeId": str(item.trade_id) if item.trade_id else "",
        }
        for item in incomes
    ]


def order_rows(orders: Iterable[RestingOrder], shift_ms: int) -> list[Payload]:
    """GET /fapi/v1/openOrders."""
    return [
        {
            "avgPrice": "0.00",
            "clientOrderId": item.client_id,
            "cumQuote": "0",
            "executedQty": "0",
            "orderId": item.order_id,
            "origQty": short_text_of(item.quantity),
            "origType": "LIMIT",
            "price": short_text_of(item.price),
            "reduceOnly": False,
            "side": "BUY" if item.buy else "SELL",
            "positionSide": item.position_side,
            "status": "NEW",
            "stopPrice": "0",
            "closePosition": False,
            "symbol": item.symbol,
            "time": item.time_ms + shift_ms,
            "timeInForce": "GTC",
            "type": "LIMIT",
            "updateTime": item.time_ms + shift_ms,
            "workingType": "CONTRACT_PRICE",
            "priceProtect": False,
            "priceMatch": "NONE",
            "selfTradePreventionMode": "EXPIRE_MAKER",
            "goodTillDate": 0,
        }
        for item in orders
    ]


def symbol_config_rows(account: SimulatedAccount, exchange: Exchange, symbol: str) -> list[Payload]:
    """GET /fapi/v1/symbolConfig: margin mode and leverage of every symbol, or of one."""
    names = [symbol] if symbol else list(exchange.catalogue.instruments)
    return [
        {
            "symbol": name,
            "marginType": ISOLATED if name in account.isolated_symbols else CROSSED,
            "isAutoAddMargin": False,
            "leverage": account.leverages.get(name, 20),
            "maxNotionalValue": str(exchange.catalogue.instruments[name].brackets.brackets[-1].cap),
        }
        for name in names
    ]


def account_config_answer(account: SimulatedAccount) -> Payload:
    """GET /fapi/v1/accountConfig."""
    return {
        "feeTier": 0,
        "canTrade": account.may_trade,
        "canDeposit": True,
        "canWithdraw": account.may_trade,
        "dualSidePosition": account.hedge,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets,
        "tradeGroupId": -1,
    }


def api_restrictions_answer(account: SimulatedAccount, created_ms: int) -> Payload:
    """GET /sapi/v1/account/apiRestrictions: what the key may do."""
    return {
        "ipRestrict": False,
        "createTime": created_ms,
        "enableReading": True,
        "enableWithdrawals": account.may_trade,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": account.may_trade,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": account.may_trade,
        "enablePortfolioMarginTrading": False,
    }
