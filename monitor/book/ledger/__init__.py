"""The exact record of what accounts hold: fills and cash move it, the venue's absolute states check it (contract 6)."""

from monitor.book.ledger.ledger import Ledger
from monitor.book.ledger.outcome import Difference, FillKind, FillOutcome
from monitor.book.ledger.plain import LedgerHead

__all__ = ["Difference", "FillKind", "FillOutcome", "Ledger", "LedgerHead"]
