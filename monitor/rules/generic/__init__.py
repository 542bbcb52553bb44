"""A plain "equity over maintenance" book for any venue without rules of its own: configured by tables alone.

Collateral tiers and borrow tiers a coin, brackets an instrument, linear and inverse contracts; borrowed spot is a coin's equity
below 0. Read `documents` (the conventions), `pools`, `terms`, `valuation`, `tape`, `parts`, `ladder`, `reporting`.
"""

from monitor.rules.generic.rulebook import Generic

__all__ = ["Generic"]
