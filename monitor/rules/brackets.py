"""Risk tiers by notional: maintenance margin = notional at mark * rate of its bracket - maintenance amount (deduction).

The deduction makes the margin continuous from bracket to bracket: `deduction_n = floor_n * (rate_n - rate_(n-1)) +
deduction_(n-1)`, 0 in the first. Binance and Bybit print their tables in this very form.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from monitor.domain.tables import LeverageBrackets
from monitor.rules.exact import exact
from monitor.rules.tape import Piece


def maintenance_margin(brackets: LeverageBrackets, notional: Decimal) -> Decimal:
    """The maintenance margin of one position's notional (>= 0), in its settle asset. Call inside `exact()`."""
    bracket = brackets.bracket_at(notional)
    return notional * bracket.maintenance_margin_rate - bracket.deduction


def deductions(floors: Sequence[Decimal], rates: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """The maintenance amounts of brackets, from their floors and rates (rising, of one length), exact."""
    amounts = [Decimal(0)]
    with exact():
        for index in range(1, len(floors)):
            amounts.append(amounts[-1] + floors[index] * (rates[index] - rates[index - 1]))
    return tuple(amounts)


def bracket_pieces(brackets: LeverageBrackets) -> tuple[Piece, ...]:
    """The brackets as pieces on the notional: slope = rate, offset = -deduction."""
    return tuple(Piece(b.floor, b.maintenance_margin_rate, -b.deduction) for b in brackets.brackets)
