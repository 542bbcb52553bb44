"""One position at its mark: notional, unrealised PnL, initial and maintenance margin, in its settle asset.

notional           = |quantity| * mark
unrealised PnL     = quantity * mark - cost        (quantity signed, cost = quantity * entry price)
initial margin     = notional / leverage           (at mark)
maintenance margin = notional * rate - deduction   (bracket of the notional at mark)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.tables import Bracket
from monitor.rules.binance_usdm.terms import PositionTerms
from monitor.rules.brackets import maintenance_margin
from monitor.rules.exact import exact


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionValue:
    """One position valued exactly. `exposure` is the signed notional; `initial_margin` None: leverage not known."""

    terms: PositionTerms
    mark_price: Decimal
    exposure: Decimal
    notional: Decimal
    unrealised_pnl: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    bracket: Bracket


def value_position(terms: PositionTerms, mark_price: Decimal) -> PositionValue:
    """The position at a mark price (> 0)."""
    per_price = terms.initial_margin_per_price
    with exact():
        exposure = terms.quantity * mark_price
        notional = abs(exposure)
        return PositionValue(
            terms=terms,
            mark_price=mark_price,
            exposure=exposure,
            notional=notional,
            unrealised_pnl=exposure - terms.position.cost,
            maintenance_margin=maintenance_margin(terms.brackets, notional),
            initial_margin=None if per_price is None else per_price * mark_price,
            bracket=terms.brackets.bracket_at(notional),
        )
