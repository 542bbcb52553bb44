"""The venue's documents that these rules were read from, as copies in November 2026, and what they leave open."""

from __future__ import annotations

from monitor.domain.account import AccountMode
from monitor.rules.multi_currency import Documents
from monitor.rules.okx.terms import COVERED, REFUSAL, VENUE, Lookup
from monitor.rules.rulebook import Tables
from monitor.rules.terms import PositionLookup

MARGIN = "okx.com/help, futures mode and multi-currency margin mode: margin ratio with maintenance margin and liquidation fee"
DISCOUNT = "okx.com/help/iv-multi-currency-margin-mode-cross-margin-trading: discounted equity by tiers"
LIQUIDATION = "okx.com/help: liquidation at a margin ratio of 100 %"

FEE_OPEN = "one newer document has the margin ratio of multi-currency mode without the liquidation fee: it is taken with it"
"""Unverified: in futures mode one capture confirms the fee."""

LIABILITY_OPEN = "negative equity counts in full, without a discount: no document read says so"
"""Unverified."""


class OkxDocuments(Documents):
    """Documents whose positions are read by tiers of their size."""

    def lookup(self, tables: Tables) -> PositionLookup:
        """Reads what values a pool of the venue."""
        return Lookup(tables)


DOCUMENTS = OkxDocuments(
    venue=VENUE,
    formulas=MARGIN,
    initial_margin=MARGIN,
    liquidation=LIQUIDATION,
    procedure=(
        "Open orders are cancelled; positions are reduced tier by tier, from the third tier on two at a time; in the lowest "
        "the position is taken over at its bankruptcy price; the fee goes to the insurance fund, and what it cannot take is "
        "auto-deleveraged."
    ),
    covered=COVERED,
    refusal=REFUSAL,
    rules="the OKX rules",
    modes=frozenset({AccountMode.MULTI_CURRENCY}),
    by_asset=True,
)
