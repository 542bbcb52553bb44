"""What the tables say about a pool's positions; what they do not say is collected as reasons, never guessed."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.account import MarginMode
from monitor.domain.holdings import Position
from monitor.rules.bybit.documents import VENUE
from monitor.rules.exact import exact, quotient
from monitor.rules.rulebook import Tables
from monitor.rules.terms import INVERSE, LINEAR, PositionLookup, PositionTerms


def is_isolated(position: Position) -> bool:
    """Whether margins stand on the entry value, without fees (isolated), instead of on the mark."""
    return position.margin_mode is MarginMode.ISOLATED


def closing_fee_per_unit(terms: PositionTerms) -> Decimal:
    """The fee to close at the bankruptcy price, for each unit of the driver: `|q| * (1 -+ 1/leverage) * fee`.

    Linear: long -, short +. Inverse, whose value is `|q| / price`: the reciprocal of the bankruptcy price is that of the mark
    times `1 +- 1/leverage`, long +, short -.
    """
    fee_rate, leverage = terms.position.taker_fee_rate, terms.position.leverage
    return fee_to_close(terms.value_quantity, Decimal(1), leverage or Decimal(1), fee_rate or Decimal(0))


def initial_margin_per_unit(terms: PositionTerms) -> Decimal:
    """Initial margin of a cross position for each unit of the driver: `|q| / leverage` and the fee to close."""
    with exact():
        return quotient(abs(terms.quantity), terms.position.leverage or Decimal(1)) + closing_fee_per_unit(terms)


def fee_to_close(quantity: Decimal, price: Decimal, leverage: Decimal, fee_rate: Decimal) -> Decimal:
    """The taker fee of closing at the bankruptcy price `price * (1 -+ 1/leverage)`; `quantity` signed; rounded once."""
    with exact():
        side = Decimal(1) if quantity > 0 else Decimal(-1)
        return quotient(abs(quantity) * price * fee_rate * (leverage - side), leverage)


class Lookup(PositionLookup):
    """Reads what values a pool of this venue. Leverage and taker fee rate must be known of every cross position."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(VENUE, tables, LINEAR | INVERSE, "not covered by the Bybit rules")

    def position(self, position: Position) -> PositionTerms | None:
        """The terms of a position, None (with reasons noted) when something is missing or its kind is not covered."""
        terms = super().position(position)
        return terms if self._is_told(position) else None

    def _is_told(self, position: Position) -> bool:
        """Whether leverage and fee rate are known of a cross position, whose closing fee is part of its margin."""
        if is_isolated(position):
            return True
        reasons = []
        if position.taker_fee_rate is None:
            reasons.append(f"taker fee rate of {position.instrument} not known")
        if position.leverage is None:
            reasons.append(f"leverage of {position.instrument} not known")
        elif position.leverage < 1:
            reasons.append(f"leverage of {position.instrument} is below 1: it has no bankruptcy price")
        self.miss(*reasons)
        return not reasons
