"""Tables of collateral and borrow tiers: what is refused, and what their pieces say, by figures worked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from monitor.domain.tables import BorrowTier, BorrowTiers, CollateralTier, CollateralTiers
from monitor.rules.coin_tiers import (
    MAINTENANCE,
    borrow_margin,
    borrow_pieces,
    borrowed_quantity,
    collateral_pieces,
    counted_quantity,
)
from monitor.rules.piecewise import piece_at
from monitor.rules.tape import Piece

D = Decimal


def ratio(floor: str, cap: str | None, value: str) -> CollateralTier:
    return CollateralTier(floor=D(floor), cap=None if cap is None else D(cap), ratio=D(value))


def rate(floor: str, cap: str | None, value: str, initial: str = "0.5") -> BorrowTier:
    cap_figure = None if cap is None else D(cap)
    return BorrowTier(floor=D(floor), cap=cap_figure, maintenance_margin_rate=D(value), initial_margin_rate=D(initial))


def at(pieces: tuple[Piece, ...], x: str) -> Decimal:
    piece = piece_at(pieces, D(x))
    return piece.slope * D(x) + piece.offset


COLLATERAL = CollateralTiers(tiers=(ratio("0", "10", "0.98"), ratio("10", "20", "0.95")))
BORROW = BorrowTiers(tiers=(rate("0", "100", "0.04"), rate("100", "300", "0.1")))


@pytest.mark.parametrize(
    ("equity", "counted"),
    [("-3", "-3"), ("0", "0"), ("4", "3.92"), ("10", "9.8"), ("14", "13.6"), ("20", "19.3"), ("99", "19.3")],
)
def test_a_positive_equity_counts_slice_by_slice_and_nothing_beyond_the_last_cap(equity: str, counted: str) -> None:
    assert at(collateral_pieces(COLLATERAL), equity) == D(counted)
    if D(equity) >= 0:
        assert counted_quantity(D(equity), COLLATERAL) == D(counted)


@pytest.mark.parametrize(
    ("equity", "margin"), [("5", "0"), ("0", "0"), ("-50", "2"), ("-100", "4"), ("-250", "19"), ("-400", "34")]
)
def test_a_borrowed_quantity_needs_margin_slice_by_slice_and_the_last_rate_goes_on(equity: str, margin: str) -> None:
    assert at(borrow_pieces(BORROW, MAINTENANCE), equity) == D(margin)
    assert borrow_margin(borrowed_quantity(D(equity), D(0)), BORROW, MAINTENANCE) == D(margin)


def test_what_is_frozen_beyond_the_equity_is_borrowed() -> None:
    assert borrowed_quantity(D(100), D(300)) == 200
    assert borrowed_quantity(D(300), D(100)) == 0


@pytest.mark.parametrize(
    ("tiers", "reason"),
    [
        ((), "must not be empty"),
        ((ratio("1", None, "1"),), "must start at quantity 0"),
        ((ratio("0", "5", "1"), ratio("6", None, "0.9")), "must be contiguous"),
        ((ratio("0", None, "1"), ratio("6", None, "0.9")), "must be contiguous"),
        ((ratio("0", "5", "1"), ratio("5", "5", "0.9")), "must rise"),
        ((ratio("0", "5", "0.9"), ratio("5", None, "0.95")), "ratio rises at quantity 5"),
    ],
)
def test_collateral_tables_that_are_not_well_formed_are_refused(tiers: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        CollateralTiers(tiers=tiers)


def test_a_ratio_above_1_is_refused() -> None:
    with pytest.raises(ValueError, match="ratio must be at most 1"):
        ratio("0", None, "1.01")


@pytest.mark.parametrize(
    ("tiers", "reason"),
    [
        ((rate("0", "5", "0.2"), rate("5", None, "0.1")), "maintenance_margin_rate falls at quantity 5"),
        ((rate("0", "5", "0.1", "0.3"), rate("5", None, "0.1", "0.2")), "initial_margin_rate falls at quantity 5"),
    ],
)
def test_borrow_tables_whose_rates_fall_are_refused(tiers: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        BorrowTiers(tiers=tiers)
