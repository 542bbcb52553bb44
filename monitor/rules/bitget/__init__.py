"""Bitget: collateral of several coins, in slices of its value in USD; cross positions against it.

Read as copies on a mirror host in November 2026. Of the unified account's risk formulas nothing but the collateral tiers was
found, so that every pool is UNVERIFIED. What values a pool is the shared form, `multi_currency`.
"""

from monitor.rules.multi_currency import Documents, MultiCurrency
from monitor.rules.terms import INVERSE, LINEAR

_COLLATERAL = "bitget.com/en/spot/introduction/margininfo/cross-discount (collateral tiers by value)"
_LIQUIDATION = "bitget.com/en/support, liquidation of cross futures: equity below maintenance margin, at mark"

DOCUMENTS = Documents(
    venue="bitget",
    formulas=_COLLATERAL,
    initial_margin=_LIQUIDATION,
    liquidation=_LIQUIDATION,
    procedure=(
        "Open orders are cancelled; long and short of one instrument are netted; the position is reduced by two tiers at a "
        "time, then closed whole."
    ),
    is_strict=True,
    unverified=(
        "risk formulas of the unified account beyond its collateral tiers are in no document read",
        "two-way positions may count by the one with the larger equity: both are margined in full",
    ),
    covered=LINEAR | INVERSE,
    refusal="not covered by the Bitget rules",
    rules="the Bitget rules",
    has_isolated=False,
    tiers_by_value=True,
)


class Bitget(MultiCurrency):
    """Bitget behind the interface that every venue has."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)
