"""Binance USDⓈ-M cases as account files: a mapping of names and places, without any arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.binance_books import VENUE

Case = dict[str, Any]
File = dict[str, Any]

MULTI_MODES = {"um_cross_multi_assets"}
HEDGE_MODES = {"um_hedge_isolated", "um_hedge_cross", "um_hedge"}
_SIDED = ("_long", "_short")


def text(value: object) -> str:
    return str(value)


def subject(symbol: str) -> str:
    return f"{VENUE}:{symbol}"


def account_file(case: Case) -> File:
    """The account file of a case."""
    inputs = case["inputs"]
    if "floors" in inputs:
        return tier_table_file(inputs)
    if "deficit" in inputs:
        return auto_exchange_file(inputs)
    if "assets" in inputs:
        return {"schema_version": 1, "asset_indices": [asset_index(asset) for asset in inputs["assets"]]}
    return {
        "schema_version": 1,
        "accounts": [account(case)],
        "asset_indices": [
            {"asset": subject(rate["asset"]), "bid_rate": rate["bid"], "ask_rate": rate["ask"]}
            for rate in inputs.get("rates", ())
        ],
        "tables": {
            "instruments": unique([instrument(position) for position in inputs["positions"]]),
            "leverage_brackets": unique([bracket_table(position) for position in inputs["positions"]]),
        },
    }


def tier_table_file(inputs: File) -> File:
    brackets = [
        {"floor": text(floor), "maintenance_margin_rate": text(rate)}
        for floor, rate in zip(inputs["floors"], inputs["rates"], strict=True)
    ]
    return {"schema_version": 1, "tables": {"leverage_brackets": [{"instrument": subject("TABLE"), "brackets": brackets}]}}


def auto_exchange_file(inputs: File) -> File:
    """An account that owes USDT and has another asset at par; a haircut is told as the buffer that is left out of 1."""
    haircut = text(1 - Decimal(inputs["one_minus_haircut"]))
    none = {"index": "1", "bid_buffer": "0", "ask_buffer": "0"}
    account = {
        "account": f"{VENUE}:case",
        "mode": "multi_currency",
        "position_mode": "one_way",
        "wallets": [{"asset": "USDT", "balance": f"-{inputs['deficit']}"}, {"asset": "USDC", "balance": "1000000"}],
        "positions": [],
    }
    rates = [
        {"asset": subject("USDT"), "auto_exchange_bid_buffer": "0", "auto_exchange_ask_buffer": "0", **none},
        {"asset": subject("USDC"), "auto_exchange_bid_buffer": haircut, "auto_exchange_ask_buffer": haircut, **none},
    ]
    return {"schema_version": 1, "accounts": [account], "asset_indices": rates}


def asset_index(asset: File) -> File:
    names = {
        "index": "index",
        "bid_buffer": "bid_buffer",
        "ask_buffer": "ask_buffer",
        "ax_bid_buffer": "auto_exchange_bid_buffer",
        "ax_ask_buffer": "auto_exchange_ask_buffer",
    }
    return {"asset": subject(asset["symbol"]), **{ours: asset[theirs] for theirs, ours in names.items() if theirs in asset}}


def account(case: Case) -> File:
    inputs, mode = case["inputs"], case["mode"]
    return {
        "account": f"{VENUE}:case",
        "mode": "multi_currency" if mode in MULTI_MODES else "single_currency",
        "position_mode": "hedge" if mode in HEDGE_MODES else "one_way",
        "wallets": wallets(inputs),
        "positions": [position(case, entry) for entry in inputs["positions"]],
    }


def wallets(inputs: File) -> list[File]:
    if "balances" in inputs:
        return [{"asset": entry["asset"], "balance": entry["amount"]} for entry in inputs["balances"]]
    balance = inputs.get("wallet_balance", inputs.get("cross_wallet_balance"))
    return [] if balance is None else [{"asset": inputs["positions"][0]["settle"], "cross_balance": balance}]


def position(case: Case, entry: File) -> File:
    found = {"instrument": subject(entry["instrument"]), "side": entry["side"], "size": entry["size"]}
    names = {"entry": "entry_price", "mark": "mark_price", "leverage": "leverage", "unrealised_pnl": "unrealised_pnl"}
    found |= {ours: entry[theirs] for theirs, ours in names.items() if theirs in entry}
    if "published_unrealised_pnl" in case["inputs"]:
        found["unrealised_pnl"] = case["inputs"]["published_unrealised_pnl"]
    if "isolated_margin" in entry:
        found |= {"margin_mode": "isolated", "isolated_margin": entry["isolated_margin"]}
    return found


def instrument(entry: File) -> File:
    return {
        "instrument": subject(entry["instrument"]),
        "kind": "linear_perpetual",
        "base": entry["instrument"].removesuffix(entry["settle"]),
        "quote": entry["settle"],
        "settle_asset": entry["settle"],
        "contract_size": text(entry.get("contract_multiplier", 1)),
    }


def bracket_table(entry: File) -> File:
    if "tiers" not in entry:
        only = {"instrument": subject(entry["instrument"]), "maintenance_margin_rate": entry["mmr"]}
        return only | ({"deduction": entry["cum"]} if "cum" in entry else {})
    names = {"floor": "floor", "cap": "cap", "mmr": "maintenance_margin_rate", "cum": "deduction"}
    brackets = [
        {ours: text(tier[theirs]) for theirs, ours in names.items() if tier[theirs] is not None} for tier in entry["tiers"]
    ]
    return {"instrument": subject(entry["instrument"]), "brackets": brackets}


def unique(entries: list[File]) -> list[File]:
    """Each entry once: the legs of a hedge name the same tables. Two that differ stay two, and are refused."""
    return [entry for index, entry in enumerate(entries) if entry not in entries[:index]]


def shown(case: Case, name: str, answer: File) -> Any:
    """Where `assess` shows the figure that a case expects under `name`."""
    if name == "cum":
        return [bracket["deduction"] for bracket in answer["tables"][0]["brackets"]]
    if case["model"] == "binance_asset_index":
        symbol, _, rate = name.partition(".")
        names = {
            "bid": "bid_rate",
            "ask": "ask_rate",
            "ax_bid": "auto_exchange_bid_rate",
            "ax_ask": "auto_exchange_ask_rate",
        }
        return next(entry for entry in answer["asset_indices"] if entry["asset"] == subject(symbol))[names[rate]]
    pools = answer["accounts"][0]["pools"]
    if case["model"] == "binance_um_position" and name != "margin_ratio":
        return position_in(pools, case["inputs"]["positions"][0])[name]
    for side in _SIDED:
        if name.endswith(side):
            field = {"entry": "entry_price"}.get(name.removesuffix(side), name.removesuffix(side))
            legs = [position for pool in pools for position in pool["positions"] if position["side"] == side[1:]]
            return legs[0][field]
    return pool_figure(case, name, pools[0])


def pool_figure(case: Case, name: str, pool: File) -> Any:
    if name == "sold_value":
        return part(pool, "auto_exchange", "USDC sold for USDT")
    if name == "liquidation_price":
        target = next(entry for entry in case["inputs"]["positions"] if entry["instrument"] == case["inputs"]["target"])
        return position_in([pool], target)[name]
    if name == "uni_available_for_order":
        return part(pool, "available_for_order", "account")
    if name.startswith("available_"):
        return part(pool, "available_for_order", name.removeprefix("available_"))
    return pool[{"account_equity": "collateral_value"}.get(name, name)]


def position_in(pools: list[File], entry: File) -> File:
    return next(
        found
        for pool in pools
        for found in pool["positions"]
        if (found["instrument"], found["side"]) == (subject(entry["instrument"]), entry["side"])
    )


def part(pool: File, figure: str, name: str) -> Any:
    return next(found["amount"] for found in pool["parts"] if (found["figure"], found["name"]) == (figure, name))
