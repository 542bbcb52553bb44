"""One position at its mark, in its settle asset; x is the mark (linear) or its reciprocal (inverse).

notional           = |quantity| * x
unrealised PnL     = quantity * mark - cost            (linear: cost = quantity * entry price)
                   = -quantity / mark - cost           (inverse: cost = -quantity / entry price, long gains as 1/mark falls)
maintenance margin = notional * rate - deduction       (bracket of the notional at mark)
initial margin     = notional / leverage               (at mark)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from monitor.domain.holdings import PoolHoldings, Position
from monitor.domain.instrument import Instrument
from monitor.domain.tables import Bracket
from monitor.rules.brackets import maintenance_margin
from monitor.rules.exact import exact, quotient, reciprocal, shown
from monitor.rules.terms import PositionTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionValue:
    """One position valued exactly. `exposure` is the signed notional (long > 0); `initial_margin` None: leverage not known."""

    terms: PositionTerms
    mark_price: Decimal
    exposure: Decimal
    unrealised_pnl: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    bracket: Bracket

    @property
    def notional(self) -> Decimal:
        """The notional, at least 0."""
        return self.exposure.copy_abs()


class Worth(NamedTuple):
    """What a position is worth at a mark, in its settle asset: what needs no brackets."""

    exposure: Decimal
    unrealised_pnl: Decimal


def worth_of(position: Position, instrument: Instrument, mark_price: Decimal) -> Worth:
    """Signed notional and unrealised PnL of a position at a mark price (> 0)."""
    is_inverse = instrument.kind.is_inverse
    with exact():
        exposure = position.size * instrument.contract_size * (reciprocal(mark_price) if is_inverse else mark_price)
        return Worth(exposure, (-exposure if is_inverse else exposure) - position.cost)


def value_position(terms: PositionTerms, mark_price: Decimal) -> PositionValue:
    """The position at a mark price (> 0)."""
    per_unit = terms.initial_margin_per_unit
    exposure, unrealised_pnl = worth_of(terms.position, terms.instrument, mark_price)
    with exact():
        return PositionValue(
            terms=terms,
            mark_price=mark_price,
            exposure=exposure,
            unrealised_pnl=unrealised_pnl,
            maintenance_margin=maintenance_margin(terms.brackets, abs(exposure)),
            initial_margin=None if per_unit is None else per_unit * terms.taken(mark_price),
            bracket=terms.brackets.bracket_at(abs(exposure)),
        )


def entry_price(instrument: Instrument, quantity: Decimal, cost: Decimal) -> Decimal | None:
    """The mean price paid, as reports show it; of an inverse contract the harmonic one, None where it is not above 0."""
    if not instrument.kind.is_inverse:
        return shown(quotient(cost, quantity))
    found = None if cost == 0 else shown(quotient(quantity.copy_negate(), cost))
    return found if found is not None and found > 0 else None


def leverage_reasons(pool: PoolHoldings) -> list[str]:
    """Of which positions the leverage is not known, and so the initial margin."""
    return [f"leverage of {position.instrument} not known" for position in pool.positions if position.leverage is None]


def order_reasons(pool: PoolHoldings) -> list[str]:
    """Of which instruments the initial margin of open orders is not known, where no document gives it."""
    return [f"margin of open orders on {order.instrument} not known" for order in pool.orders if not order.reduce_only]
