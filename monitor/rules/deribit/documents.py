"""Where the formulas come from, and what the documents leave open."""

from __future__ import annotations

from monitor.rules.deribit.terms import COVERED, REFUSAL, VENUE, Lookup
from monitor.rules.rulebook import Tables
from monitor.rules.single_currency import Documents
from monitor.rules.terms import PositionLookup

LINEAR_PERPETUAL = "support.deribit.com/hc/en-us/articles/25944738177565 (Linear Perpetual, standard margin)"


class DeribitDocuments(Documents):
    """Documents whose positions are read by rates of their size."""

    def lookup(self, tables: Tables) -> PositionLookup:
        """Reads what values a pool of the venue."""
        return Lookup(tables)


DOCUMENTS = DeribitDocuments(
    venue=VENUE,
    formulas=LINEAR_PERPETUAL,
    initial_margin=LINEAR_PERPETUAL,
    liquidation="support.deribit.com/hc/en-us/articles/25944811317149 (margin models: above 100 % of margin balance)",
    procedure=(
        "Liquidation goes in rounds, about one a second, until maintenance margin is below the margin balance; the account is "
        "locked meanwhile. There is no margin call before it."
    ),
    is_strict=True,
    unverified=(
        "the venue announced another standard margin on 2026-08-05: its formula is not known, this is the one before it",
        "margin is taken at the mark price: the venue's examples take the index price",
    ),
    covered=COVERED,
    refusal=REFUSAL,
    rules="segregated standard margin",
    needs_leverage=False,
)
