"""A pool at given prices, all in its coin. With `u = 1 / mark` everything is linear in u but the brackets.

notional           = |quantity| * u                (quantity signed, in USD: contracts * contract size)
unrealised PnL     = -quantity * u - cost          (cost = -quantity / entry price: long gains as u falls)
maintenance margin = notional * rate - deduction   (bracket of the notional at mark, in the coin)
initial margin     = notional / leverage
pool               C = wallet + sum of unrealised PnL, M = sum of maintenance margins
liquidation        C - M at or below 0, of some venues below 0 (`Documents.is_strict`)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey, DriverKind, subject_id, venue_of
from monitor.domain.tables import Bracket, ClassWeights
from monitor.rules.brackets import maintenance_margin
from monitor.rules.coin_margined.terms import Lookup, PositionTerms, mark_driver
from monitor.rules.exact import exact, quotient, reciprocal
from monitor.rules.pool_report import shown
from monitor.rules.rulebook import Missing, PoolFigures, Prices, Tables
from monitor.rules.stress import StressFold
from monitor.rules.tape import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionValue:
    """One position valued, in the coin. `exposure` is signed (long > 0); `initial_margin` None: leverage not known."""

    terms: PositionTerms
    mark_price: Decimal
    exposure: Decimal
    unrealised_pnl: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    bracket: Bracket

    @property
    def entry_price(self) -> Decimal | None:
        """The harmonic mean of the prices paid, as reports show it; None where a given profit leaves no such price."""
        return entry_price(self.terms.quantity, self.terms.position.cost)

    @property
    def notional(self) -> Decimal:
        """The notional, at least 0."""
        return self.exposure.copy_abs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A pool valued exactly, with everything that its figures are made of, in canonical order."""

    pool: PoolHoldings
    coin: str
    wallet: Decimal
    positions: tuple[PositionValue, ...]
    figures: PoolFigures
    verified: bool


def index_driver(pool: PoolHoldings, coin: str) -> DriverKey:
    """What converts the coin to USD; it enters no level."""
    return DriverKey(DriverKind.ASSET_INDEX, subject_id(venue_of(pool.account), coin))


def entry_price(quantity: Decimal, cost: Decimal) -> Decimal | None:
    """`-quantity / cost` to 20 digits, None where it is not above 0."""
    found = None if cost == 0 else shown(quotient(-quantity, cost))
    return found if found is not None and found > 0 else None


def value_position(terms: PositionTerms, mark_price: Decimal) -> PositionValue:
    """The position at a mark price (> 0)."""
    per_reciprocal = terms.initial_margin_per_reciprocal
    with exact():
        u = reciprocal(mark_price)
        exposure = terms.quantity * u
        return PositionValue(
            terms=terms,
            mark_price=mark_price,
            exposure=exposure,
            unrealised_pnl=-exposure - terms.position.cost,
            maintenance_margin=maintenance_margin(terms.brackets, abs(exposure)),
            initial_margin=None if per_reciprocal is None else per_reciprocal * u,
            bracket=terms.brackets.bracket_at(abs(exposure)),
        )


def value_pool(pool: PoolHoldings, tables: Tables, prices: Prices, trigger: Trigger) -> Valuation | Missing:
    """The pool valued exactly, or what is missing."""
    lookup = Lookup(pool.account, tables)
    lookup.miss(*pool.unknown)
    found = []
    for terms in lookup.positions(pool):
        mark_price = lookup.price(mark_driver(terms.position.instrument), prices)
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
        figures=_figures(pool, coin, positions, weights, trigger),
        verified=lookup.verified,
    )


def initial_reason(pool: PoolHoldings) -> str | None:
    """Why the initial margin of a pool is not known, None when it is. No document read gives that of open orders."""
    unknown = [f"leverage of {p.instrument} not known" for p in pool.positions if p.leverage is None]
    unknown += [f"margin of open orders on {order.instrument} not known" for order in pool.orders if not order.reduce_only]
    return "; ".join(dict.fromkeys(unknown)) or None


def _figures(
    pool: PoolHoldings, coin: str, positions: tuple[PositionValue, ...], weights: ClassWeights, trigger: Trigger
) -> PoolFigures:
    reason = initial_reason(pool)
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
            trigger=trigger,
            margin_currency=coin,
            unit=index_driver(pool, coin),
            initial_margin_reason=reason,
        )
