"""The rulebook of OKX: the shared forms, with the venue's own figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from monitor.domain.account import PoolKind
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.report import Part, PoolReport
from monitor.rules.backing import in_order
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact, quotient, text
from monitor.rules.multi_currency import MultiCurrency
from monitor.rules.okx.documents import DOCUMENTS, FEE_OPEN, LIABILITY_OPEN, MARGIN
from monitor.rules.okx.terms import VENUE, Lookup
from monitor.rules.part_text import label
from monitor.rules.positions import value_position
from monitor.rules.rulebook import Prices, Tables


class Okx(MultiCurrency):
    """Futures mode, multi-currency mode and isolated positions; portfolio margin is refused by name."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        return in_order(replace(pool, unverified=_open_points(pool)) for pool in super().pools(account, tables))

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool, its margin and the fee to close told apart, with the venue's figures as they are."""
        report = super().report(pool, tables, prices)
        equity, needed = report.collateral_value, report.maintenance_margin
        if equity is None or needed is None:
            return report
        fees = tuple(_fee_parts(pool, tables, prices))
        with exact():
            fee = sum((part.amount for part in fees), Decimal(0))
            margin = needed - fee
        figures = {"adjEq" if pool.kind is PoolKind.CROSS else "eq": equity, "mmr": margin}
        if report.initial_margin is not None:
            figures["imr"] = report.initial_margin
        if needed > 0:
            figures["mgnRatio"] = quotient(equity, needed)
        return replace(report, venue_figures=figures, parts=(*report.parts, *fees))


def _open_points(pool: PoolHoldings) -> tuple[str, ...]:
    """What no document confirms of a pool over all coins."""
    if pool.kind is not PoolKind.CROSS:
        return ()
    owes = any(amount < 0 for amount in pool.wallets.values())
    return (*((FEE_OPEN,) if pool.positions else ()), *((LIABILITY_OPEN,) if pool.positions or owes else ()))


def _fee_parts(pool: PoolHoldings, tables: Tables, prices: Prices) -> Iterator[Part]:
    """The fee to close each position, in the pool's currency: it is a part of the maintenance margin told there."""
    lookup = Lookup(tables)
    for terms in lookup.positions(pool):
        mark_price, coin, rate = prices(terms.mark), terms.settle_asset, terms.position.taker_fee_rate
        index = prices(index_driver(VENUE, coin)) if pool.kind is PoolKind.CROSS else Decimal(1)
        if mark_price is None or index is None or rate is None:
            continue
        notional = value_position(terms, mark_price).notional
        with exact():
            amount = notional * rate * index
        yield Part(
            figure="liquidation_fee",
            name=label(terms),
            amount=amount,
            unit="USD" if pool.kind is PoolKind.CROSS else coin,
            formula=f"{text(notional)} × taker fee {text(rate)}",
            source=MARGIN,
            verified=pool.kind is not PoolKind.CROSS,
        )
