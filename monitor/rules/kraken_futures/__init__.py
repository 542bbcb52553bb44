"""Kraken Futures, single-collateral inverse contracts: each coin margins its own contracts.

Read as copies in November 2026. What values a pool is the shared form, `single_currency`. Multi-collateral contracts are not
covered: a linear contract is refused by its kind.
"""

from monitor.rules.single_currency import Documents, SingleCurrency

_ARTICLE = "support.kraken.com/hc/en-us/articles/360022835671 (Equity Protection Process)"

DOCUMENTS = Documents(
    venue="kraken_futures",
    formulas=_ARTICLE,
    initial_margin="support.kraken.com, inverse margin schedule: maintenance margin is half of initial margin at every level",
    liquidation=_ARTICLE,
    procedure=(
        "Equity Protection Process: the position is closed by immediate-or-cancel orders limited at the bankruptcy price (in "
        "parts since 2026-03-26), what is left is assigned, then unwound; the account does not go below zero."
    ),
    is_strict=True,
    unverified=(
        "the venue's article takes maintenance margin of the entry value in words, of the current price in its figures",
    ),
)


class KrakenFutures(SingleCurrency):
    """Kraken Futures, single collateral, behind the interface that every venue has."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)
