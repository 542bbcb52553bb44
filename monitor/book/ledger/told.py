"""What an account's states tell of it beside positions, wallets and orders, each told whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from monitor.domain.events import AccountState


class Told(NamedTuple):
    """Amounts by asset (frozen, borrowed) or name (venue_given), and assets that are no collateral; None: not told."""

    frozen: dict[str, Decimal] | None = None
    borrowed: dict[str, Decimal] | None = None
    venue_given: dict[str, Decimal] | None = None
    not_collateral: tuple[str, ...] | None = None

    @classmethod
    def of(cls, state: AccountState) -> Told:
        """What a state tells, in one form: sorted, without amounts of 0; of a figure that the venue gave, 0 is one too."""
        return cls(
            frozen=_amounts(state.frozen),
            borrowed=_amounts(state.borrowed),
            venue_given=None if state.venue_given is None else dict(sorted(state.venue_given.items())),
            not_collateral=None if state.not_collateral is None else tuple(sorted(set(state.not_collateral))),
        )

    def over(self, before: Told) -> Told:
        """This, and what was told before of what this does not tell."""
        return Told(
            frozen=before.frozen if self.frozen is None else self.frozen,
            borrowed=before.borrowed if self.borrowed is None else self.borrowed,
            venue_given=before.venue_given if self.venue_given is None else self.venue_given,
            not_collateral=before.not_collateral if self.not_collateral is None else self.not_collateral,
        )


NOTHING_TOLD = Told({}, {}, {}, ())


def told_to_plain(told: Told) -> dict[str, Any]:
    """For a snapshot: decimals as text."""
    return {
        "frozen": _plain(told.frozen),
        "borrowed": _plain(told.borrowed),
        "venue_given": _plain(told.venue_given),
        "not_collateral": list(told.not_collateral or ()),
    }


def told_from_plain(plain: dict[str, Any]) -> Told:
    """What a snapshot holds; one of an earlier build has fewer fields."""
    return Told(
        frozen=_decimals(plain.get("frozen", {})),
        borrowed=_decimals(plain.get("borrowed", {})),
        venue_given=_decimals(plain.get("venue_given", {})),
        not_collateral=tuple(plain.get("not_collateral", ())),
    )


def _amounts(told: dict[str, Decimal] | None) -> dict[str, Decimal] | None:
    return None if told is None else {asset: amount for asset, amount in sorted(told.items()) if amount}


def _decimals(plain: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in plain.items()}


def _plain(amounts: dict[str, Decimal] | None) -> dict[str, str]:
    return {name: str(amount) for name, amount in (amounts or {}).items()}
