"""How the parts of figures name positions, tables and formulas, the same for every venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from monitor.domain.tables import Bracket, TableVersion
from monitor.rules.exact import text
from monitor.rules.positions import entry_price
from monitor.rules.terms import PositionTerms


class Marked(Protocol):
    """A position at its mark."""

    @property
    def terms(self) -> PositionTerms:
        """The position with its tables."""

    @property
    def mark_price(self) -> Decimal:
        """The mark it is valued at."""


def label(terms: PositionTerms) -> str:
    """`SYMBOL side`, unique in a pool also in hedge mode."""
    return f"{terms.symbol} {'long' if terms.quantity > 0 else 'short'}"


def table_text(version: TableVersion) -> str:
    """A table's version, and its source where there is one."""
    return f"table {version.version} ({version.source})" if version.source else f"table {version.version}"


def bracket_formula(notional: Decimal, bracket: Bracket) -> str:
    """A maintenance margin with its figures."""
    return f"{text(notional)} × {text(bracket.maintenance_margin_rate)} - {text(bracket.deduction)}"


def pnl_formula(value: Marked) -> str:
    """An unrealised profit with its figures: linear `q × mark - cost`, inverse `q × (1 / entry - 1 / mark)`."""
    terms = value.terms
    quantity, mark = text(terms.quantity), text(value.mark_price)
    entry = entry_price(terms.instrument, terms.quantity, terms.position.cost)
    if not terms.instrument.kind.is_inverse:
        return f"{quantity} × {mark} - {text(terms.position.cost)}"
    return f"-{quantity} / {mark}" if entry is None else f"{quantity} × (1 / {text(entry)} - 1 / {mark})"
