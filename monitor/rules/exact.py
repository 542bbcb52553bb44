"""Exact arithmetic: the context in which the reference adds and multiplies, where any rounding is a bug."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)

# A wallet of 40 digits times an index and a buffer of 17 stays below 100 digits; a float's shortest repr may stand 300
# places behind the point. Beyond this precision Inexact is raised rather than a digit lost.
_DIGITS = 1000
_EXACT = Context(
    prec=_DIGITS, rounding=ROUND_HALF_EVEN, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow], Emax=9999, Emin=-9999
)
_QUOTIENT = Context(prec=40, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
_SHOWN = Context(prec=20)
_TEXT = Context(prec=28)
_TRUNCATING = Context(prec=_DIGITS, rounding=ROUND_DOWN, traps=[InvalidOperation], Emax=9999, Emin=-9999)


def exact() -> AbstractContextManager[Context]:
    """A context in which sums and products are exact and raise `decimal.Inexact` where they cannot be."""
    return localcontext(_EXACT)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """The quotient to 40 significant digits, the one rounding of a figure that no finite decimal can hold."""
    return _QUOTIENT.divide(dividend, divisor)


def reciprocal(price: Decimal) -> Decimal:
    """`1 / price` to 40 significant digits: the value of a driver derived as reciprocal, defined by this one rounding."""
    return quotient(Decimal(1), price)


def shown(value: Decimal) -> Decimal:
    """A quotient as reports show it: 20 significant digits."""
    return _SHOWN.plus(value)


def text(value: Decimal) -> str:
    """A decimal as a person reads it in a formula: without exponent and without trailing zeros, at most 28 digits."""
    return f"{_TEXT.plus(value).normalize(_TEXT):f}"


def truncated(value: Decimal, digits: int) -> Decimal:
    """The value cut off behind `digits` decimals, as Binance prints its figures (towards zero, never rounded)."""
    return value.quantize(Decimal(1).scaleb(-digits), context=_TRUNCATING)
