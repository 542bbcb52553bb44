"""Piecewise linear schedules: the venues' rate and deduction form, evaluated exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from monitor.rules.tape import Piece

Number = TypeVar("Number", Decimal, Fraction)


def piece_at(pieces: tuple[Piece, ...], x: Decimal | Fraction) -> Piece:
    """The piece that holds at x: the last one that starts at or below it (an edge belongs to the upper piece)."""
    found = pieces[0]
    for piece in pieces:
        if piece.start > x:
            break
        found = piece
    return found


def value_at(pieces: tuple[Piece, ...], x: Decimal) -> Decimal:
    """`slope * x + offset` of the piece at x. Call inside `exact()`."""
    piece = piece_at(pieces, x)
    return piece.slope * x + piece.offset
