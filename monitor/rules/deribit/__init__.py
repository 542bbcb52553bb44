"""Deribit, segregated standard margin of linear contracts: each currency margins its own contracts.

Read as copies in November 2026. What values a pool is the shared form, `single_currency`; own are the margin rates, which rise
with a position's size (`size_margin`), and what is refused by name (`pools`). Read `documents`, `terms`, `pools`.
"""

from monitor.rules.deribit.rulebook import Deribit

__all__ = ["Deribit"]
