"""The compiled tape and the venue's rules are one function: equal in exact rationals, on random accounts of every mode."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings

from monitor.domain.ids import DriverKey
from monitor.rules.class_weights import weight_of_driver
from monitor.rules.fraction_tape import evaluate
from monitor.rules.registry import rulebook_of
from monitor.rules.rulebook import Missing
from monitor.rules.tape import INITIAL_CELL, NO_CELL, Tape
from tests.support.binance_books import VENUE, Book, books
from tests.support.venue_books import assert_equal, schedules_of

PROPERTY = settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def weight(book: Book, driver: DriverKey) -> Decimal:
    found = weight_of_driver(driver, book.tables)
    assert found is not None
    return found


@PROPERTY
@given(books())
def test_the_tape_in_rationals_equals_the_figures_of_the_rules(book: Book) -> None:
    rulebook = rulebook_of(VENUE)
    schedules = schedules_of(rulebook, book)
    for pool in rulebook.pools(book.account, book.tables):
        tape, figures = rulebook.compile(pool, book.tables), rulebook.figures(pool, book.tables, book.price)
        assert not isinstance(tape, Missing)
        assert not isinstance(figures, Missing)
        ours = evaluate(tape, schedules.__getitem__, book.prices.__getitem__, lambda driver: weight(book, driver))
        assert_equal(tape, ours, figures)


@PROPERTY
@given(books())
def test_the_tape_has_one_form_and_reads_only_finished_cells(book: Book) -> None:
    rulebook = rulebook_of(VENUE)
    for pool in rulebook.pools(book.account, book.tables):
        tape = rulebook.compile(pool, book.tables)
        assert isinstance(tape, Tape)
        assert tape == rulebook.compile(pool, book.tables)
        written_by_legs = {leg.value_cell for leg in tape.legs} | {leg.margin_cell for leg in tape.legs}
        assert all(NO_CELL < cell < len(tape.base) for cell in written_by_legs)
        # One rank of nodes: they read cells behind C, M, I and write C, M, I, so each reads what legs alone have written.
        assert all(node.source_cell > INITIAL_CELL >= node.target_cell for node in tape.program)
        assert [leg.driver for leg in tape.legs] == sorted((leg.driver for leg in tape.legs), key=str)
