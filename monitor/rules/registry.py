"""Which rules hold at which venue."""

from __future__ import annotations

from monitor.domain.errors import BadInput
from monitor.rules.binance_coinm import BinanceCoinm
from monitor.rules.binance_pm import BinancePm
from monitor.rules.binance_usdm import BinanceUsdm
from monitor.rules.bitget import Bitget
from monitor.rules.bybit import Bybit
from monitor.rules.deribit import Deribit
from monitor.rules.dydx_v4 import DydxV4
from monitor.rules.generic import Generic
from monitor.rules.generic_portfolio import GenericPortfolio
from monitor.rules.hyperliquid import Hyperliquid
from monitor.rules.kraken_futures import KrakenFutures
from monitor.rules.okx import Okx
from monitor.rules.rulebook import Rulebook

_ALL: tuple[Rulebook, ...] = (
    BinanceCoinm(),
    BinancePm(),
    BinanceUsdm(),
    Bitget(),
    Bybit(),
    Deribit(),
    DydxV4(),
    Generic(),
    GenericPortfolio(),
    Hyperliquid(),
    KrakenFutures(),
    Okx(),
)
_RULEBOOKS = {rulebook.venue: rulebook for rulebook in _ALL}


def rulebook_of(venue: str) -> Rulebook:
    """The rules of a venue; raises `BadInput` for a venue without any."""
    try:
        return _RULEBOOKS[venue]
    except KeyError:
        known = ", ".join(sorted(_RULEBOOKS))
        raise BadInput(f"no margin rules for this venue, known: {known}", field="venue", value=venue) from None


def known_venues() -> tuple[str, ...]:
    """The venues with rules, sorted."""
    return tuple(sorted(_RULEBOOKS))
