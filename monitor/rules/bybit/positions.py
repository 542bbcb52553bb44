"""One position: value, unrealised PnL, initial and maintenance margin, in its settle coin.

cross       value = |q| * mark          MM = value * rate - deduction + fee to close    IM = value / leverage + fee to close
            fee to close = |q| * mark * (1 -+ 1/leverage) * taker fee     (long -, short +: at the bankruptcy price)
isolated    value = |q| * entry         MM = value * rate - deduction                   IM = value / leverage
both        unrealised PnL = q * mark - cost
inverse     the same with 1/mark and 1/entry, in the coin; q in USD, unrealised PnL = -q / mark - cost
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.tables import Bracket
from monitor.rules.brackets import maintenance_margin
from monitor.rules.bybit.terms import closing_fee_per_unit, initial_margin_per_unit, is_isolated
from monitor.rules.exact import exact, quotient
from monitor.rules.positions import worth_of
from monitor.rules.terms import PositionTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionValue:
    """One position valued exactly. `exposure` is the signed notional at mark; `margined_value` what the tiers are read at."""

    terms: PositionTerms
    mark_price: Decimal
    exposure: Decimal
    notional: Decimal
    margined_value: Decimal
    unrealised_pnl: Decimal
    closing_fee: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    bracket: Bracket


def value_position(terms: PositionTerms, mark_price: Decimal) -> PositionValue:
    """The position at a mark price (> 0)."""
    isolated = is_isolated(terms.position)
    exposure, unrealised_pnl = worth_of(terms.position, terms.instrument, mark_price)
    with exact():
        margined = abs(terms.position.cost) if isolated else abs(exposure)
        fee = Decimal(0) if isolated else closing_fee_per_unit(terms) * terms.taken(mark_price)
        return PositionValue(
            terms=terms,
            mark_price=mark_price,
            exposure=exposure,
            notional=abs(exposure),
            margined_value=margined,
            unrealised_pnl=unrealised_pnl,
            closing_fee=fee,
            maintenance_margin=maintenance_margin(terms.brackets, margined) + fee,
            initial_margin=_initial_margin(terms, mark_price),
            bracket=terms.brackets.bracket_at(margined),
        )


def _initial_margin(terms: PositionTerms, mark_price: Decimal) -> Decimal | None:
    if not is_isolated(terms.position):
        with exact():
            return initial_margin_per_unit(terms) * terms.taken(mark_price)
    leverage = terms.position.leverage
    return None if leverage is None else quotient(abs(terms.position.cost), leverage)
