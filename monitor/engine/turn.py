"""One turn: the input being processed, the effects it has had so far, and the accounts to settle when it is through."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.domain.effects import Cause, Effect


@dataclass(slots=True)
class Turn:
    """The seq and engine time that effects carry, the cause of level changes, and the effects in order.

    `touched` are the accounts whose pools are compiled and decided afresh, `retabled` the single pools for which a table says
    something else, `certain` the accounts whose held switches may go off again, each with its cause. All wait until all that
    the input says is known: a clock may bring a table, a stale driver and an agreement at once, and a pool changes its level
    once per input.
    """

    seq: int
    engine_ns: int
    cause: Cause
    effects: list[Effect] = field(default_factory=list)
    touched: dict[str, Cause] = field(default_factory=dict)
    certain: dict[str, Cause] = field(default_factory=dict)
    retabled: dict[str, dict[str, Cause]] = field(default_factory=dict)

    def touch(self, account: str) -> None:
        """Have an account's pools taken afresh at the end of the turn, with the first cause of it."""
        self.touched.setdefault(account, self.cause)

    def retable(self, account: str, pool: str) -> None:
        """Have one pool of an account compiled and decided afresh at the end of the turn, with the first cause of it."""
        self.retabled.setdefault(account, {}).setdefault(pool, self.cause)
