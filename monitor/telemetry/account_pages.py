"""Lists of accounts by pages: filtered, sorted, and resumed behind the last account of the page before."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from monitor.analytics.scan import BookScan
from monitor.book.status import AccountStatus
from monitor.domain.errors import BadInput
from monitor.domain.level import level_label
from monitor.telemetry.filters import level, one_of, require_known, text, whole_number

DEFAULT_LIMIT = 50
MOST_ACCOUNTS = 200
SORTS = ("account", "worst", "equity")


class PageKey(NamedTuple):
    """Where an account stands in the order of a list; compares like the list."""

    rank: float
    within: float
    account: str


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """What a list asks for: filters (empty = all), order, page size, where to go on. `equity` begins with the largest."""

    venue: str
    entity: str
    level: str
    sort: str
    limit: int
    after: PageKey | None

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> AccountQuery:
        """The list in a query string; raises `BadInput` naming the parameter and its value."""
        require_known(query, ("venue", "entity", "level", "sort", "limit", "cursor"))
        sort = one_of(query, "sort", SORTS, SORTS[0])
        return cls(
            venue=text(query, "venue"),
            entity=text(query, "entity"),
            level=level(query),
            sort=sort,
            limit=whole_number(query, "limit", DEFAULT_LIMIT, MOST_ACCOUNTS),
            after=_read_cursor(query.get("cursor", "").strip(), sort),
        )


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The accounts of one page in order, how many match in all, and the cursor of the next page (None: this is the last)."""

    accounts: tuple[str, ...]
    matching: int
    next_cursor: str | None


def page_of(scan: BookScan, query: AccountQuery) -> AccountPage:
    """One page. Under `worst` and `equity` accounts move between pages as the market does; none is ever shown twice in one."""
    at_level = _accounts_at(scan, query.level) if query.level else None
    keys = sorted(_keys(scan, query, at_level))
    start = 0 if query.after is None else next((i for i, key in enumerate(keys) if key > query.after), len(keys))
    shown = keys[start : start + query.limit]
    more = start + len(shown) < len(keys)
    return AccountPage(
        accounts=tuple(key.account for key in shown),
        matching=len(keys),
        next_cursor=_write_cursor(query.sort, shown[-1]) if more and shown else None,
    )


def _keys(scan: BookScan, query: AccountQuery, at_level: set[str] | None) -> list[PageKey]:
    accounts = [
        account
        for account in scan.by_account.values()
        if (not query.venue or account.venue == query.venue)
        and (not query.entity or account.entity == query.entity)
        and (at_level is None or account.account in at_level)
    ]
    if query.sort == "account":
        return [PageKey(0, 0, account.account) for account in accounts]
    if query.sort == "equity":
        return [_equity_key(account) for account in accounts]
    worst: dict[str, tuple[float, float]] = {}
    for key, pool in scan.ranked:
        worst[pool.account] = min(worst.get(pool.account, (math.inf, 0.0)), (float(key[0]), key[1]))
    return [PageKey(*worst.get(account.account, (math.inf, 0.0)), account.account) for account in accounts]


def _equity_key(account: AccountStatus) -> PageKey:
    """Largest first; accounts whose equity was never known come last."""
    if account.equity_usd is None:
        return PageKey(1, 0, account.account)
    return PageKey(0, -account.equity_usd, account.account)


def _accounts_at(scan: BookScan, level_name: str) -> set[str]:
    return {pool.account for _, pool in scan.ranked if level_label(pool.level) == level_name}


def _write_cursor(sort: str, key: PageKey) -> str:
    # JSON knows no infinities; the text of a float does.
    fields = [sort, repr(key.rank), repr(key.within), key.account]
    return base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")


def _read_cursor(cursor: str, sort: str) -> PageKey | None:
    if not cursor:
        return None
    try:
        made_for, rank, within, account = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = PageKey(float(rank), float(within), str(account))
    except (ValueError, TypeError, binascii.Error):
        raise BadInput("not a cursor of this list", field="cursor", value=cursor, source="query") from None
    if made_for != sort or math.isnan(key.rank) or math.isnan(key.within):
        raise BadInput(f"made for another order than {sort}", field="cursor", value=cursor, source="query")
    return key
