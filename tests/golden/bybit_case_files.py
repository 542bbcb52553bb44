"""Bybit cases as account files: a mapping of names and places."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.golden.binance_case_files import part, unique

Case = dict[str, Any]
File = dict[str, Any]
VENUE = "bybit"


def subject(symbol: str) -> str:
    return f"{VENUE}:{symbol}"


def account_file(case: Case) -> File:
    """The account file of a case."""
    inputs = case["inputs"]
    if "risk_limits" in inputs:
        return {"schema_version": 1, "tables": {"leverage_brackets": [risk_limits(inputs)]}}
    return {
        "schema_version": 1,
        "accounts": [account(case)],
        "asset_indices": [{"asset": subject(b["asset"]), "index": b["price"]} for b in inputs.get("balances", ())],
        "tables": {
            "instruments": unique([instrument(symbol) for symbol in symbols(inputs)]),
            "leverage_brackets": [bracket_table(entry) for entry in positions_of(inputs)],
            "collateral_tiers": [collateral_table(balance) for balance in inputs.get("balances", ())],
        },
    }


def account(case: Case) -> File:
    inputs = case["inputs"]
    return {
        "account": f"{VENUE}:case",
        "mode": "multi_currency",
        "position_mode": "one_way",
        "wallets": wallets(inputs),
        "positions": [position(case, entry) for entry in positions_of(inputs)],
        "orders": [order(inputs)] if case["model"] == "bybit_order_cost" else [],
    }


def wallets(inputs: File) -> list[File]:
    if "balances" in inputs:
        return [{"asset": balance["asset"], "balance": balance["amount"]} for balance in inputs["balances"]]
    if "wallet_balance" not in inputs:
        return []
    frozen = {"frozen": inputs["frozen"]} if "frozen" in inputs else {}
    return [{"asset": "USDT", "balance": inputs["wallet_balance"], **frozen}]


def symbols(inputs: File) -> list[str]:
    ordered = ["BTCUSDT"] if "price" in inputs else []
    return [*(entry["instrument"] for entry in positions_of(inputs)), *ordered]


def positions_of(inputs: File) -> list[File]:
    """The positions of a case; a lone position value is a position of that size at 1, at leverage 1 and without fee."""
    if "position_value" not in inputs:
        found: list[File] = inputs.get("positions", [])
        return found
    at_one = {"side": "long", "size": inputs["position_value"], "entry": "1", "mark": "1", "leverage": "1", "fee_rate": "0"}
    return [{"instrument": "BTCUSDT", "tiers": inputs["tiers"], **at_one}]


def position(case: Case, entry: File) -> File:
    found = {
        "instrument": subject(entry["instrument"]),
        "side": entry["side"],
        "size": entry.get("size", entry.get("size_usd")),
    }
    names = {"entry": "entry_price", "mark": "mark_price", "leverage": "leverage", "fee_rate": "taker_fee_rate"}
    found |= {ours: entry[theirs] for theirs, ours in names.items() if theirs in entry}
    if case["mode"] == "inverse":
        # A response of a classic account, which tells value and profit alone.
        found |= {"leverage": "1", "taker_fee_rate": "0"}
    if case["mode"] == "linear_isolated":
        # The example starts at its entry, with the initial margin as its wallet.
        wallet = Decimal(entry["size"]) * Decimal(entry["entry"]) / Decimal(entry["leverage"])
        found |= {"margin_mode": "isolated", "isolated_wallet": f"{wallet:f}", "mark_price": entry["entry"]}
    return found


def order(inputs: File) -> File:
    return {
        "instrument": subject("BTCUSDT"),
        "side": inputs["side"],
        "size": inputs["size"],
        "limit_price": inputs["price"],
        "leverage": inputs["leverage"],
        "taker_fee_rate": inputs["fee_rate"],
    }


def instrument(symbol: str) -> File:
    if symbol.endswith("USD"):
        base = symbol.removesuffix("USD")
        kind, quote, settle = "inverse_perpetual", "USD", base
    else:
        base = symbol.removesuffix("USDT")
        kind, quote, settle = "linear_perpetual", "USDT", "USDT"
    return {"instrument": subject(symbol), "kind": kind, "base": base, "quote": quote, "settle_asset": settle}


def risk_limits(inputs: File) -> File:
    floors = [0, *inputs["risk_limits"][:-1]]
    brackets = [
        {"floor": str(floor), "cap": str(cap), "maintenance_margin_rate": rate}
        for floor, cap, rate in zip(floors, inputs["risk_limits"], inputs["mmr"], strict=True)
    ]
    return {"instrument": subject("BTCUSDT"), "brackets": brackets}


def bracket_table(entry: File) -> File:
    if "tiers" not in entry:
        return {"instrument": subject(entry["instrument"]), "maintenance_margin_rate": entry.get("mmr", "0")}
    floors = [0, *(tier["cap"] for tier in entry["tiers"][:-1])]
    brackets = [
        {
            "floor": str(floor),
            "cap": str(tier["cap"]),
            "maintenance_margin_rate": tier["mmr"],
            "deduction": str(tier["deduction"]),
        }
        for floor, tier in zip(floors, entry["tiers"], strict=True)
    ]
    return {"instrument": subject(entry["instrument"]), "brackets": brackets}


def collateral_table(balance: File) -> File:
    caps = [tier["cap"] for tier in balance["tiers"]]
    tiers = [
        {"floor": str(floor), "ratio": tier["ratio"]} | ({} if tier["cap"] is None else {"cap": str(tier["cap"])})
        for floor, tier in zip([0, *caps[:-1]], balance["tiers"], strict=True)
    ]
    return {"asset": subject(balance["asset"]), "tiers": tiers}


ORDER_FIGURES = {
    "initial_margin": "order_initial_margin",
    "fee_to_open": "order_fee_to_open",
    "fee_to_close": "order_fee_to_close",
    "order_cost": "order_cost",
    "bankruptcy_price": "order_bankruptcy_price",
}


def shown(case: Case, name: str, answer: File) -> Any:
    """Where `assess` shows the figure that a case expects under `name`."""
    if name == "deductions":
        return [bracket["deduction"] for bracket in answer["tables"][0]["brackets"]]
    pools = answer["accounts"][0]["pools"]
    if name == "borrowed":
        return part(pools[0], "borrowed", "USDT")
    if name == "collateral_value":
        return pools[0]["collateral_value"]
    if case["model"] == "bybit_order_cost":
        return part(pools[0], ORDER_FIGURES[name], "bybit:BTCUSDT long 0")
    if case["mode"] == "inverse" and name == "position_value":
        # The position list tells it at the entry.
        return part(pools[0], "entry_value", "BTCUSD short")
    held = next(position for pool in pools for position in pool["positions"])
    return held[{"position_value": "notional"}.get(name, name)]
