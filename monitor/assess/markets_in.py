"""Market margins and liquidation terms of an account file, in the domain's form."""

from __future__ import annotations

from monitor.assess.account_file import LiquidationTermsEntry, MarketMarginEntry, TablesEntry
from monitor.assess.tiers_in import Put
from monitor.domain.errors import BadInput
from monitor.domain.ids import subject_id
from monitor.domain.market_margin import LiquidationTerms, MarketMargin
from monitor.domain.tables import Table, TableKind, TableVersion


def put_markets(tables: TablesEntry, put: Put, source: str) -> None:
    """Hand over a file's market tables; raises `BadInput` naming the one that is not well formed."""
    for index, market in enumerate(tables.market_margins):
        where = f"tables.market_margins[{index}]"
        put(TableKind.MARKET_MARGIN, market.instrument, _version(market, where, source), where)
    for index, terms in enumerate(tables.liquidation_terms):
        where = f"tables.liquidation_terms[{index}]"
        put(TableKind.LIQUIDATION_TERMS, subject_id(terms.venue, "all"), _version(terms, where, source), where)


def _version(entry: MarketMarginEntry | LiquidationTermsEntry, where: str, source: str) -> TableVersion:
    try:
        table = _table(entry)
    except ValueError as error:
        raise BadInput(str(error), field=where, source=source) from error
    return TableVersion(
        version=entry.version, effective_ns=0, table=table, source=entry.source or source, verified=entry.verified
    )


def _table(entry: MarketMarginEntry | LiquidationTermsEntry) -> Table:
    if isinstance(entry, MarketMarginEntry):
        return MarketMargin(
            initial_margin_fraction=entry.initial_margin_fraction,
            maintenance_fraction=entry.maintenance_fraction,
            base_quantum=entry.base_quantum,
            open_interest=entry.open_interest,
            lower_cap=entry.lower_cap,
            upper_cap=entry.upper_cap,
        )
    return LiquidationTerms(
        bankruptcy_adjustment=entry.bankruptcy_adjustment,
        spread_to_maintenance_ratio=entry.spread_to_maintenance_ratio,
        max_liquidation_fee=entry.max_liquidation_fee,
    )
