"""Numbers as Binance prints them: strings; an empty one means "not applicable"."""

from __future__ import annotations

import re
from decimal import Decimal

from monitor.domain.errors import BadInput

_PRINTED = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

NANOSECONDS_PER_MILLISECOND = 1_000_000


def number(text: str | None, field: str, source: str) -> Decimal:
    """The decimal as printed; raises `BadInput` on anything else, also on an empty string."""
    if text is None or _PRINTED.fullmatch(text) is None:
        raise BadInput("expected a printed decimal", field=field, value=text, source=source)
    return Decimal(text)


def number_or_none(text: str | None, field: str, source: str) -> Decimal | None:
    """The decimal as printed, None where the venue leaves it out or prints an empty string."""
    return None if text is None or text == "" else number(text, field, source)


def price(text: str, field: str, source: str) -> float | None:
    """The float64 nearest to a printed price; None where it does not apply (empty, or the 0 of a symbol not yet trading)."""
    if text == "":
        return None
    if _PRINTED.fullmatch(text) is None:
        raise BadInput("expected a printed decimal", field=field, value=text, source=source)
    value = float(text)
    if value == 0:
        return None
    if value < 0 or value == float("inf"):
        raise BadInput("a price must be above 0 and finite", field=field, value=text, source=source)
    return value


def nanoseconds(milliseconds: int, field: str, source: str) -> int:
    """Venue times are ms since 1970; raises `BadInput` on a negative one or one that does not fit 64 bits of ns."""
    if not 0 <= milliseconds < 9_000_000_000_000:
        raise BadInput("expected ms since 1970", field=field, value=milliseconds, source=source)
    return milliseconds * NANOSECONDS_PER_MILLISECOND
