"""The command: read, assess, print, and say by the exit code whether everything could be had."""

from __future__ import annotations

from decimal import Context, Decimal
from pathlib import Path
from typing import Any, TextIO

import msgspec
import orjson

from monitor.assess.assessment import assess
from monitor.assess.result import AssessResult
from monitor.assess.text import print_result
from monitor.domain.errors import BadInput

OK = 0
BAD_INPUT = 2
UNKNOWN = 3

# Exact figures may be long; no digit of them is lost when trailing zeros are.
_WHOLE = Context(prec=1000)


def run_assess(file: Path, *, as_json: bool, out: TextIO, err: TextIO) -> int:
    """Assess a file and print the answer; 0, 2 (bad input, named on `err`) or 3 (a margin figure is unknown)."""
    try:
        result = assess(file)
    except BadInput as error:
        err.write(f"bad input: {error}\n")
        return BAD_INPUT
    if as_json:
        out.write(to_json(result))
    else:
        print_result(result, out)
    for reason in result.unknown:
        err.write(f"unknown: {reason}\n")
    return UNKNOWN if result.unknown else OK


def to_json(result: AssessResult) -> str:
    """The answer as JSON: every decimal a string in full, unknown figures null."""
    plain: Any = msgspec.to_builtins(result, builtin_types=(Decimal,))
    return orjson.dumps(plain, default=_decimal, option=orjson.OPT_INDENT_2).decode() + "\n"


def _decimal(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"no JSON form for {type(value).__name__}")
    return plain_text(value)


def plain_text(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros."""
    return f"{value.normalize(_WHOLE):f}" if value else "0"
