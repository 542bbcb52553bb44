"""Pools in one currency, each cross pool backed by one wallet: the form that several venues share.

C = wallet + unrealised PnL, M = sum of maintenance margins by bracket, linear or inverse contracts. Read beside a venue's
documents: `documents` (what a venue adds), `pools`, `valuation`, `tape` (the same as a tape), `bankruptcy`, `parts`, `ladder`,
`reporting`; positions are the shared form (`monitor.rules.positions`).
"""

from monitor.rules.single_currency.documents import Documents
from monitor.rules.single_currency.rulebook import SingleCurrency

__all__ = ["Documents", "SingleCurrency"]
