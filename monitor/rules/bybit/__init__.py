"""Bybit Unified Trading Account: cross margin and isolated positions, linear and inverse.

Read from top to bottom beside the venue's documents: `documents` (what was read, and when), `pools` (what backs what),
`terms` and `positions` (risk tiers and the fee to close), `coins` (collateral ratios and borrowing), `orders`, `valuation`
(the pool), `unverified` (what no document confirms), `liquidation` (the price), `tape` (the same as a tape), `parts`, `printed`
(the venue's own names), `reporting`.
"""

from monitor.rules.bybit.rulebook import Bybit

__all__ = ["Bybit"]
