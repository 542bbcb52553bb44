"""Which pools and accounts a reader asks for, and the checks of query parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from monitor.book.status import AccountStatus, PoolStatus
from monitor.domain.errors import BadInput
from monitor.domain.level import Level, level_label

LEVEL_NAMES = (*(level_label(level) for level in Level), level_label(None))
LONGEST_VALUE = 256


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """Venue and level by name (`none` = never valued), `search` = part of the pool id or entity in any case; empty = all."""

    venue: str = ""
    level: str = ""
    search: str = ""

    @property
    def is_all(self) -> bool:
        """Whether nothing is filtered out."""
        return not (self.venue or self.level or self.search)

    def matches(self, pool: PoolStatus, account: AccountStatus | None) -> bool:
        """Whether the reader asks for this pool."""
        if self.venue and pool.venue != self.venue:
            return False
        if self.level and level_label(pool.level) != self.level:
            return False
        if not self.search:
            return True
        entity = (account.entity or "") if account is not None else ""
        return self.search in pool.pool.lower() or self.search in entity.lower()

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> PoolFilter:
        """The filter in a query string; raises `BadInput` naming the parameter and its value."""
        require_known(query, ("venue", "level", "search"))
        return cls(text(query, "venue"), level(query), text(query, "search").lower())


def require_known(query: Mapping[str, str], known: Collection[str]) -> None:
    """Refuse a parameter that means nothing here: a misspelt filter must not read as "everything"."""
    for name in query:
        if name not in known:
            raise BadInput(f"unknown parameter, expected {', '.join(known)}", field=name, value=query[name], source="query")


def text(query: Mapping[str, str], name: str) -> str:
    """A text parameter, empty when it is not given."""
    value = query.get(name, "").strip()
    if len(value) > LONGEST_VALUE:
        raise BadInput(f"longer than {LONGEST_VALUE} characters", field=name, value=value[:40] + "…", source="query")
    return value


def level(query: Mapping[str, str]) -> str:
    """A level by name, empty when it is not given."""
    return one_of(query, "level", LEVEL_NAMES, "")


def one_of(query: Mapping[str, str], name: str, allowed: Collection[str], default: str) -> str:
    """One of the allowed words, the default when it is not given."""
    value = query.get(name, "").strip() or default
    if value and value not in allowed:
        raise BadInput(f"expected one of {', '.join(allowed)}", field=name, value=value, source="query")
    return value


def whole_number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`."""
    value = query.get(name, "").strip()
    if not value:
        return default
    # isdecimal() alone lets through digits of other scripts, which int() reads as well.
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and 1 <= int(value) <= most):
        raise BadInput(f"expected a whole number from 1 to {most}", field=name, value=value, source="query")
    return int(value)
