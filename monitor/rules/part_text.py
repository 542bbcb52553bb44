"""How the parts of figures name positions, tables and formulas, the same for every venue."""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.tables import Bracket, TableVersion
from monitor.rules.exact import text
from monitor.rules.terms import PositionTerms


def label(terms: PositionTerms) -> str:
    """`SYMBOL side`, unique in a pool also in hedge mode."""
    return f"{terms.symbol} {'long' if terms.quantity > 0 else 'short'}"


def table_text(version: TableVersion) -> str:
    """A table's version, and its source where there is one."""
    return f"table {version.version} ({version.source})" if version.source else f"table {version.version}"


def bracket_formula(notional: Decimal, bracket: Bracket) -> str:
    """A maintenance margin with its figures."""
    return f"{text(notional)} × {text(bracket.maintenance_margin_rate)} - {text(bracket.deduction)}"
