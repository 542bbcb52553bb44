"""Leverage brackets of Binance USDⓈ-M from a file of tiers as ccxt prints them (freqtrade's `binance_leverage_tiers`)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import zstandard

from monitor.domain.errors import BadInput
from monitor.domain.tables import Bracket, LeverageBrackets

_SYMBOL = re.compile(r"(?P<base>[^/:]+)/(?P<quote>[^/:]+):(?P<settle>[^/:-]+)(?:-(?P<expiry>\d{6}))?")
_USD_COINS = frozenset({"USDT", "USDC", "BUSD", "U", "USD1"})


@dataclass(frozen=True, slots=True)
class AllBrackets:
    """The brackets of a whole file by the venue's symbol, and why the others were refused, by the file's symbol."""

    loaded: dict[str, LeverageBrackets]
    refused: dict[str, str]


class BracketsFile:
    """The brackets of all symbols in one file (`.json` or `.json.zst`), read on demand."""

    def __init__(self, path: Path) -> None:
        self._source = path.name
        try:
            data = path.read_bytes()
            text = zstandard.ZstdDecompressor().stream_reader(data).read() if path.suffix == ".zst" else data
            self._tiers: dict[str, Any] = json.loads(text, parse_float=Decimal)
        except OSError as error:
            raise BadInput(error.strerror or str(error), field="--brackets", value=str(path)) from error
        except (ValueError, zstandard.ZstdError) as error:
            raise BadInput(f"not a file of leverage tiers: {error}", field="--brackets", value=str(path)) from error

    @property
    def source(self) -> str:
        """The file's name, for the tables made of it."""
        return self._source

    def all(self) -> AllBrackets:
        """Every symbol of the file; raises `BadInput` for a table that is not one of brackets.

        A contract that is not margined in a dollar coin is refused by name: its brackets count another currency.
        """
        loaded: dict[str, LeverageBrackets] = {}
        refused: dict[str, str] = {}
        for symbol in self._tiers:
            found = _SYMBOL.fullmatch(symbol)
            if found is None:
                raise BadInput("not BASE/QUOTE:SETTLE", field="symbol", value=symbol, source=self._source)
            if found["settle"] != found["quote"] or found["settle"] not in _USD_COINS:
                refused[symbol] = f"margined in {found['settle']}, not in a dollar coin"
                continue
            expiry = "" if found["expiry"] is None else f"_{found['expiry']}"
            loaded[f"{found['base']}{found['quote']}{expiry}"] = self._of(symbol)
        return AllBrackets(loaded, refused)

    def brackets(self, base: str, quote: str) -> LeverageBrackets:
        """The brackets of a perpetual; raises `BadInput` when the file has none or they are not brackets."""
        return self._of(f"{base}/{quote}:{quote}")

    def _of(self, symbol: str) -> LeverageBrackets:
        tiers = self._tiers.get(symbol)
        if not isinstance(tiers, list):
            raise BadInput("the file has no such symbol", field="symbol", value=symbol, source=self._source)
        try:
            return LeverageBrackets(brackets=tuple(_bracket(tier["info"]) for tier in tiers))
        except (KeyError, TypeError, ArithmeticError, ValueError) as error:
            raise BadInput(f"not a bracket: {error!r}", field=symbol, source=self._source) from error


def _bracket(info: dict[str, Any]) -> Bracket:
    return Bracket(
        floor=_plain(info["notionalFloor"]),
        cap=_plain(info["notionalCap"]),
        maintenance_margin_rate=_plain(info["maintMarginRatio"]),
        deduction=_plain(info["cum"]),
        initial_leverage=_plain(info["initialLeverage"]),
    )


def _plain(figure: str | int | Decimal) -> Decimal:
    value = Decimal(figure)
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
