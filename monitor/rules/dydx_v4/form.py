"""What dYdX adds to the shared form of a pool in one currency: its trigger, its ladder, how positions are read."""

from __future__ import annotations

from decimal import Decimal

from monitor.rules.dydx_v4.documents import CHAIN, COVERED, REFUSAL, VENUE
from monitor.rules.dydx_v4.terms import Lookup
from monitor.rules.ladder import Threshold
from monitor.rules.rulebook import Tables
from monitor.rules.single_currency import Documents
from monitor.rules.tape import Trigger
from monitor.rules.terms import PositionLookup


class DydxDocuments(Documents):
    """Documents whose trigger needs a margin: a subaccount without positions is never liquidated."""

    @property
    def trigger(self) -> Trigger:
        """Liquidatable where maintenance margin is above 0 and above the net collateral; equality is safe."""
        return Trigger(strict=True, needs_margin=True)

    def lookup(self, tables: Tables) -> PositionLookup:
        """Reads what values a pool of the venue."""
        return Lookup(tables)


DOCUMENTS = DydxDocuments(
    venue=VENUE,
    formulas=CHAIN,
    initial_margin=CHAIN,
    liquidation=CHAIN,
    procedure=(
        "Liquidation orders are placed on the book between oracle and fillable price, the positions in an order of chance, at "
        "most so much of a position and a subaccount in a block; what is not filled of a subaccount below 0 is deleveraged at "
        "the bankruptcy price. A subaccount seen below 0 stops withdrawals and transfers on the whole chain for 50 blocks."
    ),
    is_strict=True,
    stages=(
        Threshold(
            name="free collateral used up",
            condition="collateral_value - initial_margin < 0",
            initial_factor=Decimal(1),
            strict=True,
            source=CHAIN,
        ),
        Threshold(
            name="liquidation",
            condition="collateral_value - maintenance_margin < 0",
            margin_factor=Decimal(1),
            strict=True,
            source=CHAIN,
        ),
        Threshold(name="deleveraging", condition="collateral_value < 0", strict=True, source=CHAIN),
    ),
    covered=COVERED,
    refusal=REFUSAL,
    rules="the dYdX rules",
    needs_leverage=False,
)
