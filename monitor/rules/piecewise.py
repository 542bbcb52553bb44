"""Piecewise linear schedules: the venues' rate and deduction form, evaluated exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from monitor.rules.tape import Piece


def piece_at(pieces: tuple[Piece, ...], x: Decimal | Fraction) -> Piece:
    """The piece that holds at x: the last one that starts at or below it (an edge belongs to the upper piece)."""
    found = pieces[0]
    for piece in pieces:
        if piece.start > x:
            break
        found = piece
    return found
