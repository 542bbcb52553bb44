"""A pool over all coins, in USD: the form that several venues share.

C = sum over coins of what their equity counts for (slices of collateral tiers), M = sum over coins of the margin of positions
and of what is borrowed. Read beside a venue's documents: `documents` (what a venue adds), `terms`, `valuation`, `tape` (the
same as a tape), `parts`, `reporting`; positions are the shared form (`monitor.rules.positions`). Isolated positions, and pools
of one coin, are those of `single_currency`.
"""

from monitor.rules.multi_currency.documents import Documents
from monitor.rules.multi_currency.rulebook import MultiCurrency

__all__ = ["Documents", "MultiCurrency"]
