"""The recomputation that judges the daemon is itself held against figures worked by hand, and the book is lively enough."""

from __future__ import annotations

from collections import Counter

from tests.support.kafka_book import KafkaBook, PlannedFill, Recomputation, Tick


def test_a_long_is_liquidated_where_it_is_by_hand() -> None:
    # 1,000 USDT, long 100 at 100: notional 10,000, M = 40 (0.4 %), C = 1,000, A = 21,000.
    # buffer = 960 / 21,000 = 4.57 %: CRITICAL at once. At 90.36: C = 36, M = 36.144: LIQUIDATION.
    book = Recomputation()
    book.open("a", 1_000 * 10**12)
    book.marks[0] = 10_000
    assert book.fill("a", 0, 100_000, 10_000, 0, 0) == ("a", None, 3)
    assert book.tick(Tick(0, 9_037)) == []  # C = 37, M = 36.148
    assert book.tick(Tick(0, 9_036)) == [("a", 3, 4)]
    # Back above 0.95: C = 39, M = 36.156, ratio 0.927. CRITICAL leaves beyond 10 % only: 2,100 USDT of headroom at 100.
    assert book.tick(Tick(0, 9_039)) == [("a", 4, 3)]
    assert book.tick(Tick(0, 11_000)) == []  # headroom 1,956 of A 23,100: 8.5 %
    assert book.tick(Tick(0, 11_500)) == [("a", 3, 2)]  # 2,454 of 24,150: 10.2 %
    assert book.fill("a", 0, -100_000, 11_500, 1_500 * 10**12, 0) == ("a", 2, 0)
    assert book.accounts["a"].wallet == 2_500 * 10**12


def test_the_margin_is_continuous_at_the_floor_of_the_second_bracket() -> None:
    book = Recomputation()
    book.open("a", 0)
    book.marks[0] = 10_000
    book.fill("a", 0, 600_000, 10_000, 0, 0)
    figures = book.figures(book.accounts["a"])
    assert figures is not None
    assert figures[1] == (200 + 100) * 10**16  # 0.4 % of 50,000 and 1 % of 10,000


def test_the_generated_stream_changes_levels_often_and_of_every_kind() -> None:
    book = KafkaBook(accounts=100, fills=2_000, ticks=20_000, now_ns=1)
    recomputation = book.recomputation()
    changes: Counter[tuple[int | None, int]] = Counter()
    for item in book.stream():
        if isinstance(item, PlannedFill):
            change = recomputation.fill(item.account, item.symbol, item.size, item.price, item.pnl, item.fee)
            changes.update([] if change is None else [change[1:]])
        else:
            changes.update(change[1:] for change in recomputation.tick(item))
    assert sum(changes.values()) >= 500
    assert {new for _, new in changes} == {0, 1, 2, 3, 4}
    assert any(old is not None and new < old for old, new in changes)
