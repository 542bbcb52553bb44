"""Decimals as integers in declared steps, and back. Nothing here rounds unseen: what does not fit is refused.

Amounts of an asset count in steps of 1e-12 of it, prices in 1e-18, sizes in the size unit of their instrument.
"""

from __future__ import annotations

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from monitor.domain.errors import BadInput

ASSET_DIGITS = 12
PRICE_DIGITS = 18
LARGEST_DIGITS = 20
"""Figures of 1e21 and more are refused: their steps would not fit the columns."""
WIDEST = 1 << 120
"""Costs and realised PnL beyond this many steps are refused before they reach a 128-bit column."""
FULL_PRINT_DIGITS = 6
"""A figure printed with fewer decimals is taken to have lost trailing zeros on its way: it counts as printed to six."""

EXACT = Context(prec=120, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])


def steps_of(value: Decimal, digits: int, field: str, source: str) -> int:
    """`value` in steps of `10**-digits`; raises `BadInput` when it is finer than a step or beyond 1e21."""
    if value.adjusted() > LARGEST_DIGITS and value:
        raise BadInput("figure is too large", field=field, value=str(value), source=source)
    if not value:
        return 0
    scaled = EXACT.scaleb(value, digits)
    steps = int(scaled)
    if steps != scaled:
        raise BadInput(f"finer than 1e-{digits}", field=field, value=str(value), source=source)
    return steps


def asset_steps(value: Decimal, field: str, source: str) -> int:
    """An amount of an asset in steps of 1e-12; raises `BadInput` when it is finer or too large."""
    return steps_of(value, ASSET_DIGITS, field, source)


def decimal_of(steps: int, digits: int = ASSET_DIGITS) -> Decimal:
    """The exact decimal of a number of steps of `10**-digits`, without trailing zeros behind the point."""
    value = EXACT.normalize(EXACT.scaleb(Decimal(steps), -digits))
    return value if value.as_tuple().exponent <= 0 else EXACT.quantize(value, Decimal(1))  # type: ignore[operator]


def divide_half_even(numerator: int, denominator: int) -> int:
    """The nearest integer to the quotient, ties to the even one; `denominator` above 0."""
    quotient, rest = divmod(numerator, denominator)
    twice = rest + rest
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def printed_unit(value: Decimal) -> int:
    """One unit of the last printed digit of an amount, in asset steps: what the venue's printing can tell apart.

    Binance prints realised PnL and balances with 8 decimals: 1e-8, 10,000 steps. A figure with fewer than six decimals
    counts as printed to six (producers that cut trailing zeros), never finer than a step.
    """
    exponent = value.as_tuple().exponent
    decimals = max(-exponent, FULL_PRINT_DIGITS) if isinstance(exponent, int) else FULL_PRINT_DIGITS
    return int(10 ** max(ASSET_DIGITS - decimals, 0))


def agrees_as_printed(ours: int, theirs: int, unit: int) -> bool:
    """Whether the venue can have printed `theirs` for `ours`, be it cut or rounded at `unit`."""
    return abs(ours - theirs) < unit


def wide(steps: int) -> int | str:
    """An integer as JSON can carry it: beyond 53 bits as a string, so that no reader rounds it."""
    return steps if -(1 << 53) <= steps <= 1 << 53 else str(steps)
