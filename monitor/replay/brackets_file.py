"""Leverage brackets of Binance USDⓈ-M from a file of tiers as ccxt prints them (freqtrade's `binance_leverage_tiers`)."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import zstandard

from monitor.domain.errors import BadInput
from monitor.domain.tables import Bracket, LeverageBrackets


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

    def brackets(self, base: str, quote: str) -> LeverageBrackets:
        """The brackets of a perpetual; raises `BadInput` when the file has none or they are not brackets."""
        symbol = f"{base}/{quote}:{quote}"
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
