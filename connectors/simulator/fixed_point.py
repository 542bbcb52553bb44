"""Fixed-point numbers: every price, size and amount of the venue is an integer of 1e-8 units."""

from __future__ import annotations

from decimal import Decimal

DECIMALS = 8
UNIT: int = 10**DECIMALS


def fixed(text: str | int | float | Decimal) -> int:
    """The integer of 1e-8 units that a decimal stands for; a float is first written as its shortest decimal."""
    scaled = Decimal(str(text)).scaleb(DECIMALS)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{text!r} has more than {DECIMALS} decimals")
    return int(scaled)


def text_of(value: int, *, scale: int = DECIMALS, places: int | None = None) -> str:
    """A scaled integer as a plain decimal with `places` decimals, truncated towards zero as the venue prints.

    `scale` is the power of ten that one unit of `value` is below 1; `places` defaults to `scale`.
    """
    shown = scale if places is None else places
    digits = abs(value) // 10 ** (scale - shown) if shown <= scale else abs(value) * 10 ** (shown - scale)
    whole, part = divmod(digits, 10**shown)
    sign = "-" if value < 0 and digits else ""
    return f"{sign}{whole}.{part:0{shown}d}" if shown else f"{sign}{whole}"


def short_text_of(value: int, *, scale: int = DECIMALS) -> str:
    """The same without trailing zeros: `"5"`, `"0.002"`, `"0"`."""
    text = text_of(value, scale=scale)
    return text.rstrip("0").rstrip(".") if "." in text else text


def divide_half_even(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest integer, ties to even; the denominator must be positive."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient & 1):
        quotient += 1
    return quotient


def divide_up(numerator: int, denominator: int) -> int:
    """The quotient rounded away from zero: a fee is never rounded in the payer's favour."""
    return -(-numerator // denominator)
