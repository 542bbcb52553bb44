"""Binance USDⓈ-M futures: single-asset and multi-assets mode, cross and isolated, one-way and hedge.

Read from top to bottom beside the venue's documents: `documents` (what was read, and when), `pools` (what backs what),
`brackets` (maintenance margin), `positions`, `assets` (multi-assets rates), `valuation` (the pool), `liquidation` (the
price), `orders`, `tape` (the same as a tape), `reporting`.
"""

from monitor.rules.binance_usdm.rulebook import BinanceUsdm

__all__ = ["BinanceUsdm"]
