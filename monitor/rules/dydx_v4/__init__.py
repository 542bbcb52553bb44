"""dYdX v4 subaccounts: USDC backs all perpetuals of a subaccount, at oracle prices, in the chain's exact integers.

Read beside the chain's code: `documents` (what was read), `terms` (fractions of a market, funding), `funding`, `integers` (the
chain's own figures), `parts`, `rulebook`. What values a pool is the shared form, `single_currency`, in Decimal: it differs from
the chain's integers by less than a quantum a position and step, which the tape carries as its rounding.
"""

from monitor.rules.dydx_v4.rulebook import DydxV4

__all__ = ["DydxV4"]
