"""What backs what: one pool a currency. What the venue does not have, or these rules do not cover, is refused by name."""

from __future__ import annotations

from monitor.domain.account import MarginMode, PositionMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.rules.backing import in_order
from monitor.rules.deribit.documents import DOCUMENTS
from monitor.rules.rulebook import Tables
from monitor.rules.single_currency.pools import pools_of as pools_of_one_currency


def pools_of(account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
    """The pools in order of their ids. Cross standard margin and portfolio margin are refused by the account's mode."""
    return in_order(pools_of_one_currency(account, tables, DOCUMENTS), *_not_covered(account))


def _not_covered(account: AccountHoldings) -> tuple[str, ...]:
    """What the account tells and segregated standard margin does not know."""
    reasons = [f"{name} is no figure of segregated standard margin" for name in account.venue_given]
    if account.position_mode is PositionMode.HEDGE:
        reasons.append("position mode hedge is not covered: the venue nets each instrument")
    if any(position.margin_mode is MarginMode.ISOLATED for position in account.positions):
        reasons.append("isolated positions are not covered: the venue margins by currency")
    return tuple(reasons)
