"""Order within one source of an account: epochs and gapless numbers (contract 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

MOST_HOLES = 1_000


class Admission(Enum):
    """What the numbers of an event say. The four first are applied, the two last are not."""

    NEXT = "next"
    HOLE_BEFORE = "hole before"
    FILLS_HOLE = "fills a hole"
    NEW_EPOCH = "new epoch"
    DUPLICATE = "duplicate"
    OLDER_EPOCH = "older epoch"


@dataclass(slots=True)
class SourceSequence:
    """The numbers seen of one (account, source): its epoch, the highest number, and the numbers below it that are missing."""

    epoch: int
    last: int = 0
    holes: set[int] = field(default_factory=set)
    last_hole: int = 0

    def admit(self, epoch: int, number: int) -> Admission:
        """Judge the next event and note it. A hole too large to remember number by number is only its upper end."""
        if epoch < self.epoch:
            return Admission.OLDER_EPOCH
        if epoch > self.epoch:
            self.begin(epoch)
            self._note(number)
            return Admission.NEW_EPOCH
        if number in self.holes:
            self.holes.discard(number)
            return Admission.FILLS_HOLE
        if number <= self.last:
            return Admission.DUPLICATE
        return Admission.HOLE_BEFORE if self._note(number) else Admission.NEXT

    def begin(self, epoch: int) -> None:
        """The source started anew: its numbers begin at 1 again."""
        self.epoch, self.last, self.last_hole = epoch, 0, 0
        self.holes.clear()

    def heals(self, epoch: int, number: int) -> bool:
        """Whether a complete state with these numbers stands at or past every hole of the current epoch."""
        return epoch == self.epoch and number >= self.last_hole

    def _note(self, number: int) -> bool:
        missing = range(self.last + 1, number)
        if missing:
            self.holes.update(missing[-MOST_HOLES:])
            self.last_hole = number - 1
        self.last = number
        return bool(missing)
