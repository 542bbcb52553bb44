"""A pool at given prices, all in one currency.

C = wallet + sum of unrealised PnL, M = sum of maintenance margins
liquidation: C - M at or below 0, of some venues below 0 (`Documents.is_strict`)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.domain.tables import ClassWeights
from monitor.rules.drivers import index_driver
from monitor.rules.exact import exact
from monitor.rules.positions import PositionValue, leverage_reasons, order_reasons, value_position
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.single_currency.documents import Documents
from monitor.rules.stress import StressFold


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A pool valued exactly, with everything that its figures are made of, in canonical order."""

    pool: PoolHoldings
    coin: str
    wallet: Decimal
    positions: tuple[PositionValue, ...]
    figures: PoolFigures
    verified: bool


def value_pool(pool: PoolHoldings, tables: Tables, prices: Prices, documents: Documents) -> Valuation | Missing:
    """The pool valued exactly, or what is missing."""
    lookup = documents.lookup(tables)
    lookup.miss(*pool.unknown)
    found = []
    for terms in lookup.positions(pool):
        mark_price = lookup.price(terms.mark, prices)
        if mark_price is not None:
            found.append(value_position(terms, mark_price))
    weights, coin = lookup.weights(), pool.margin_asset
    if lookup.reasons or weights is None or coin is None:
        return Missing(lookup.reasons)
    positions = tuple(found)
    return Valuation(
        pool=pool,
        coin=coin,
        wallet=pool.wallets[coin],
        positions=positions,
        figures=_figures(pool, coin, positions, weights, documents),
        verified=lookup.verified,
    )


def initial_reason(pool: PoolHoldings, documents: Documents) -> str | None:
    """Why the initial margin of a pool is not known, None when it is. No document read gives that of open orders."""
    unknown = [*(leverage_reasons(pool) if documents.needs_leverage else []), *order_reasons(pool)]
    return "; ".join(dict.fromkeys(unknown)) or None


def _figures(
    pool: PoolHoldings, coin: str, positions: tuple[PositionValue, ...], weights: ClassWeights, documents: Documents
) -> PoolFigures:
    reason = initial_reason(pool, documents)
    fold = StressFold()
    with exact():
        for value in positions:
            fold.add(weights.of(value.terms.instrument.base), value.exposure)
        initial = sum((value.initial_margin or Decimal(0) for value in positions), Decimal(0))
        return PoolFigures(
            collateral_value=pool.wallets[coin] + sum((value.unrealised_pnl for value in positions), Decimal(0)),
            maintenance_margin=sum((value.maintenance_margin for value in positions), Decimal(0)),
            initial_margin=initial if reason is None else None,
            stress_notional=fold.stress_notional,
            trigger=documents.trigger,
            margin_currency=coin,
            unit=index_driver(documents.venue, coin),
            initial_margin_reason=reason,
        )
