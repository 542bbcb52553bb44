"""OKX: futures mode (a pool per settle currency), multi-currency mode (one pool in USD) and isolated positions.

Read beside the venue's documents: `documents` (what was read, and when), `terms` (tiers by size, the fee to close), `rulebook`
(the venue's own figures). What values a pool are the shared forms, `single_currency` and `multi_currency`.
"""

from monitor.rules.okx.rulebook import Okx

__all__ = ["Okx"]
