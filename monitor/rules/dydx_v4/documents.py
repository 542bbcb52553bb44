"""What was read of dYdX v4, and when. The formulas are the chain's own integer code; parameters are set by governance."""

from __future__ import annotations

from decimal import Decimal

from monitor.rules.terms import LINEAR

VENUE = "dydx_v4"
CHAIN = "dydxprotocol/v4-chain at 84d4664b, subaccounts and clob keepers (read November 2026)"
FUNDING = "dydxprotocol/v4-chain at 84d4664b: funding is settled before a subaccount is checked"
COVERED = LINEAR
REFUSAL = "not covered by the dYdX rules"

QUANTUM = Decimal("0.000001")
"""USDC in one quote quantum, in which the chain counts: each of its figures is off by less than one a position and step."""
