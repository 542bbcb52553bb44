"""Leverage brackets: maintenance margin by the bracket of the notional at mark, never at entry (`monitor.rules.brackets`)."""

from __future__ import annotations

from monitor.rules.binance_usdm.documents import VENUE
from monitor.rules.tape import ScheduleKey


def bracket_schedule(symbol: str) -> ScheduleKey:
    """The schedule of a symbol's maintenance margin."""
    return ScheduleKey(VENUE, "leverage_brackets", symbol)
