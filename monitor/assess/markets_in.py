"""Market margins, rates by size and liquidation terms of an account file, in the domain's form."""

from __future__ import annotations

from monitor.assess.table_entries import LiquidationTermsEntry, MarketMarginEntry, SizeMarginEntry, TablesEntry
from monitor.assess.versions import Put, version_of
from monitor.domain.ids import subject_id
from monitor.domain.market_margin import LiquidationTerms, MarketMargin, SizeMargin
from monitor.domain.tables import TableKind


def put_markets(tables: TablesEntry, put: Put, source: str) -> None:
    """Hand over a file's market tables; raises `BadInput` naming the one that is not well formed."""
    for index, market in enumerate(tables.market_margins):
        where = f"tables.market_margins[{index}]"
        put(TableKind.MARKET_MARGIN, market.instrument, version_of(market, _market, where, source), where)
    for index, size in enumerate(tables.size_margin):
        where = f"tables.size_margin[{index}]"
        put(TableKind.SIZE_MARGIN, size.instrument, version_of(size, _size, where, source), where)
    for index, terms in enumerate(tables.liquidation_terms):
        where = f"tables.liquidation_terms[{index}]"
        put(TableKind.LIQUIDATION_TERMS, subject_id(terms.venue, "all"), version_of(terms, _liquidations, where, source), where)


def _market(entry: MarketMarginEntry) -> MarketMargin:
    return MarketMargin(
        initial_margin_fraction=entry.initial_margin_fraction,
        maintenance_fraction=entry.maintenance_fraction,
        base_quantum=entry.base_quantum,
        open_interest=entry.open_interest,
        lower_cap=entry.lower_cap,
        upper_cap=entry.upper_cap,
    )


def _size(entry: SizeMarginEntry) -> SizeMargin:
    return SizeMargin(
        initial_base=entry.initial_base,
        maintenance_base=entry.maintenance_base,
        increase_per_coin=entry.increase_per_coin,
    )


def _liquidations(entry: LiquidationTermsEntry) -> LiquidationTerms:
    return LiquidationTerms(
        bankruptcy_adjustment=entry.bankruptcy_adjustment,
        spread_to_maintenance_ratio=entry.spread_to_maintenance_ratio,
        max_liquidation_fee=entry.max_liquidation_fee,
    )
