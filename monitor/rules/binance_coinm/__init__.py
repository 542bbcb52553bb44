"""Binance COIN-M futures: inverse contracts margined in their coin, cross and isolated, one-way and hedge.

Read beside the venue's documents: `documents`, `pools` (what backs what), `terms`, `valuation` (positions and pool),
`liquidation` (the price), `tape` (the same as a tape), `parts`, `ladder`, `reporting`.
"""

from monitor.rules.binance_coinm.rulebook import BinanceCoinm

__all__ = ["BinanceCoinm"]
