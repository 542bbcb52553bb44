"""Inverse contracts margined in their coin, one pool a coin: the form that several venues share.

Read beside a venue's documents: `pools` (what backs what), `terms`, `valuation` (positions and pool), `liquidation` (the
price), `tape` (the same as a tape), `parts`, `ladder`, `reporting`. A venue adds its `Documents` and its tables.
"""

from monitor.rules.coin_margined.documents import Documents
from monitor.rules.coin_margined.rulebook import CoinMargined

__all__ = ["CoinMargined", "Documents"]
