"""What every object of an account file is made of: decimals in strings, times with a zone, no unknown fields."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

Figure = Annotated[Decimal, Meta(extra_json_schema={"pattern": r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"})]
"""A decimal in a string."""

Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its zone, RFC 3339 (2026-12-25T08:00:00Z)."""

Subject = Annotated[
    str, Meta(description="venue:SYMBOL as the venue spells it, such as binance_usdm:BTCUSDT", pattern=r"^[^:]+:\S+$")
]


class Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True, omit_defaults=True):
    """An object of the file: a field that is not known is refused."""
