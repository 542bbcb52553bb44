"""Binance COIN-M cases as account files: a mapping of names and places, without any arithmetic."""

from __future__ import annotations

from typing import Any

VENUE = "binance_coinm"

Case = dict[str, Any]
File = dict[str, Any]


def subject(symbol: str) -> str:
    return f"{VENUE}:{symbol}"


def account_file(case: Case) -> File:
    """The account file of a case. All of them hold contracts of BTC."""
    inputs = case["inputs"]
    positions = inputs["positions"]
    return {
        "schema_version": 1,
        "accounts": [
            {
                "account": f"{VENUE}:case",
                "mode": "single_currency",
                "position_mode": "one_way",
                "wallets": [{"asset": "BTC", "balance": inputs["wallet_balance"]}] if "wallet_balance" in inputs else [],
                "positions": [position(entry) for entry in positions],
            }
        ],
        "tables": {
            "instruments": [instrument(entry) for entry in positions],
            "leverage_brackets": [bracket_table(entry) for entry in positions if "mmr" in entry],
        },
    }


def position(entry: File) -> File:
    """An example of a liquidation price tells no mark, one of a margin no entry: each stands in for the other there."""
    return {
        "instrument": subject(entry["instrument"]),
        "side": entry["side"],
        "size": entry["contracts"],
        "entry_price": entry.get("entry", entry.get("mark")),
        "mark_price": entry.get("mark", entry.get("entry")),
    }


def instrument(entry: File) -> File:
    return {
        "instrument": subject(entry["instrument"]),
        "kind": "inverse_perpetual" if entry["instrument"].endswith("_PERP") else "inverse_future",
        "base": "BTC",
        "quote": "USD",
        "settle_asset": "BTC",
        "contract_size": str(entry["contract_multiplier"]),
    }


def bracket_table(entry: File) -> File:
    return {
        "instrument": subject(entry["instrument"]),
        "maintenance_margin_rate": entry["mmr"],
        "deduction": entry["cum"],
    }


def shown(name: str, answer: File) -> Any:
    """Where `assess` shows the figure that a case expects under `name`."""
    return answer["accounts"][0]["pools"][0]["positions"][0][name]
