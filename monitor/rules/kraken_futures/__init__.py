"""Kraken Futures: single-collateral inverse contracts, each coin margining its own, and multi-collateral linear ones in USD.

Read as copies in November 2026. What values a pool are the shared forms, `single_currency` and `multi_currency`; in the latter
long and short of one underlying, perpetual or fixed, net (`monitor.rules.netting`): only the larger side needs margin.
"""

from monitor.domain.account import AccountMode
from monitor.rules import multi_currency, single_currency
from monitor.rules.netting import NettedMargin
from monitor.rules.rulebook import Tables
from monitor.rules.terms import LINEAR, PooledLookup, PositionLookup

VENUE = "kraken_futures"
_ARTICLE = "support.kraken.com/hc/en-us/articles/360022835671 (Equity Protection Process)"
_MULTI = "support.kraken.com, multi-collateral futures: margin equity, haircuts, netting by underlying"
_RULES = "the Kraken rules"
_PROCEDURE = (
    "Equity Protection Process: the position is closed by immediate-or-cancel orders limited at the bankruptcy price (in "
    "parts since 2026-03-26), what is left is assigned, then unwound; the account does not go below zero."
)

SINGLE = single_currency.Documents(
    venue=VENUE,
    formulas=_ARTICLE,
    initial_margin="support.kraken.com, inverse margin schedule: maintenance margin is half of initial margin at every level",
    liquidation=_ARTICLE,
    procedure=_PROCEDURE,
    is_strict=True,
    unverified=(
        "the venue's article takes maintenance margin of the entry value in words, of the current price in its figures",
    ),
)


class MultiDocuments(multi_currency.Documents):
    """Documents whose positions share their margin by underlying."""

    def lookup(self, tables: Tables) -> PositionLookup:
        """Reads what values a pool over all coins."""
        return PooledLookup(VENUE, tables, self.covered, self.refusal)


MULTI = MultiDocuments(
    venue=VENUE,
    formulas=_MULTI,
    initial_margin=_MULTI,
    liquidation=_ARTICLE,
    procedure=_PROCEDURE,
    is_strict=True,
    covered=LINEAR,
    refusal="not a multi-collateral contract",
    rules=_RULES,
    modes=frozenset({AccountMode.MULTI_CURRENCY}),
    by_asset=True,
    has_isolated=True,
    extra=NettedMargin(VENUE, _MULTI),
)


class KrakenFutures(multi_currency.MultiCurrency):
    """Kraken Futures behind the interface that every venue has: account mode `multi_currency` is multi-collateral."""

    def __init__(self) -> None:
        super().__init__(MULTI)
        self._documents = SINGLE
