"""A table that changes must find its holders: each table that a pool was compiled from leads back to the pool.

The engine finds them by a driver of the table's symbol, by a schedule that the table defines, or, where neither is, takes all
pools of the venue. A table that the rules read in another way would change in a running book and nobody be valued for it.
"""

from __future__ import annotations

from collections import Counter

import pytest

from monitor.domain.tables import TableKey, TableKind
from monitor.engine.table_desk import OF_NO_DRIVER
from monitor.engine.tables_read import TablesRead
from monitor.rules.rulebook import Rulebook
from monitor.rules.tape import Tape
from tests.support.random_books import Book
from tests.support.venue_books import VENUES, rules_of

pytestmark = pytest.mark.slow
BY_THEMSELVES = frozenset({TableKind.CLASS_WEIGHTS, *OF_NO_DRIVER})


def leads_back(key: TableKey, rules: Rulebook, book: Book, tape: Tape) -> bool:
    subjects = {leg.driver.subject for leg in tape.legs} | {node.scale.subject for node in tape.program if node.scale}
    version = book.tables.find(key)
    defined = set() if version is None else set(rules.schedules(key, version))
    named = {leg.schedule for leg in tape.legs} | {node.schedule for node in tape.program}
    return f"{key.venue}:{key.symbol}" in subjects or bool(defined & named)


@pytest.mark.parametrize("venue", sorted(VENUES))
def test_every_table_that_was_read_leads_back_to_the_pool(venue: str) -> None:
    rules = rules_of(venue)
    seen: Counter[TableKind] = Counter()
    for book in VENUES[venue].books("holders", 150):
        for pool in rules.pools(book.account, book.tables):
            read = TablesRead(book.tables, {})
            tape = rules.compile(pool, read)
            assert isinstance(tape, Tape)
            # The terms of what is only ordered enter no level.
            ordered = {order.instrument for order in pool.orders} - {position.instrument for position in pool.positions}
            for key in read.keys:
                if key.kind not in BY_THEMSELVES and f"{key.venue}:{key.symbol}" not in ordered:
                    assert leads_back(key, rules, book, tape), key
                    seen[key.kind] += 1
    assert seen[TableKind.INSTRUMENT] >= 150
    assert len(seen) >= 2
