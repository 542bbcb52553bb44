"""The stress notional A (contract 1): the exposure that a joint adverse move of the book works on."""

from __future__ import annotations

from decimal import Decimal


class StressFold:
    """Folds weighted signed exposures of a pool, in its margin currency, into `max(|sum|, half the largest)`.

    Half of the largest stays when the other leg of a pair is taken away. Call inside `exact()`.
    """

    __slots__ = ("_largest", "_net")

    def __init__(self) -> None:
        self._net = Decimal(0)
        self._largest = Decimal(0)

    def add(self, weight: Decimal, exposure: Decimal) -> None:
        """Add one exposure (long > 0) with the class weight of its underlying."""
        weighted = weight * exposure
        self._net += weighted
        self._largest = max(self._largest, abs(weighted))

    @property
    def stress_notional(self) -> Decimal:
        """A, at least 0."""
        return max(abs(self._net), self._largest / 2)
