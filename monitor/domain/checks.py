"""Checks that constructors of domain values share. Each raises `ValueError` with a text that names the field."""

from __future__ import annotations

import re
from decimal import Decimal

ACCOUNT_PATTERN = re.compile(r"[A-Za-z0-9_.-]{1,64}:[A-Za-z0-9_.:-]{1,128}")
_SUBJECT_PATTERN = re.compile(r"[A-Za-z0-9_.-]{1,64}:\S{1,128}")


def require_finite(name: str, value: Decimal | None) -> None:
    """Refuse NaN, infinities, and what no venue prints: more than 30 digits before or 60 after the point.

    Arithmetic in the rules and the ledger is exact, so a figure may not be arbitrarily long.
    """
    if value is None:
        return
    if not value.is_finite():
        raise ValueError(f"{name} must be a finite number, got {value}")
    exponent = value.as_tuple().exponent
    if value and (value.adjusted() > 30 or not isinstance(exponent, int) or exponent < -60):
        raise ValueError(f"{name} must have at most 30 digits before and 60 after the point, got {value:.3E}")


def require_positive(name: str, value: Decimal | None) -> None:
    """Refuse what is not a finite number above zero."""
    require_finite(name, value)
    if value is not None and value <= 0:
        raise ValueError(f"{name} must be above 0, got {value}")


def require_not_negative(name: str, value: Decimal | None) -> None:
    """Refuse what is not a finite number of at least zero."""
    require_finite(name, value)
    if value is not None and value < 0:
        raise ValueError(f"{name} must be at least 0, got {value}")


def require_account(value: str) -> None:
    """Refuse an account id that is not `venue:name` in the allowed letters (contract 4)."""
    if ACCOUNT_PATTERN.fullmatch(value) is None:
        raise ValueError(f"account must be venue:name in [A-Za-z0-9_.:-], got {value!r}")


def require_subject(name: str, value: str) -> None:
    """Refuse an instrument or asset id that is not `venue:SYMBOL`."""
    if _SUBJECT_PATTERN.fullmatch(value) is None:
        raise ValueError(f"{name} must be venue:SYMBOL, got {value!r}")
