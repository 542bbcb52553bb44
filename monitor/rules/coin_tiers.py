"""What a coin's equity counts for, and what margin it needs when it is borrowed.

counted    = sum over slices of the positive equity, by quantity, of slice * ratio; a negative equity in full
borrowed   = |min(0, equity - frozen)|                        (cross, without options)
margin     = sum over slices of the borrowed quantity of slice * rate      (unverified)
"""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.tables import BorrowTier, BorrowTiers, CollateralTiers
from monitor.rules.exact import exact
from monitor.rules.tape import Piece

ON = "on"
OFF = "off"
HAIRCUT = "haircut"
HAIRCUT_OFF = "haircut_off"
MAINTENANCE = "maintenance"
INITIAL = "initial"
_LOWEST, _ZERO, _ONE = Decimal("-Infinity"), Decimal(0), Decimal(1)
_RATES = {MAINTENANCE: "maintenance_margin_rate", INITIAL: "initial_margin_rate"}


def counted_quantity(equity: Decimal, tiers: CollateralTiers) -> Decimal:
    """The part of a positive equity that counts as collateral, in the coin. Call inside `exact()`."""
    counted = _ZERO
    for tier in tiers.tiers:
        top = equity if tier.cap is None else min(equity, tier.cap)
        counted += max(top - tier.floor, _ZERO) * tier.ratio
    return counted


def borrowed_quantity(equity: Decimal, frozen: Decimal) -> Decimal:
    """What counts as borrowed, at least 0, in the coin. Call inside `exact()`."""
    return max(frozen - equity, _ZERO)


def borrow_margin(borrowed: Decimal, tiers: BorrowTiers, which: str) -> Decimal:
    """The margin (`maintenance` or `initial`) of a borrowed quantity, in the coin. Call inside `exact()`."""
    margin = _ZERO
    for tier in tiers.tiers:
        is_last = tier is tiers.tiers[-1]
        top = borrowed if tier.cap is None or is_last else min(borrowed, tier.cap)
        margin += max(top - tier.floor, _ZERO) * rate_of(tier, which)
    return margin


def rate_of(tier: BorrowTier, which: str) -> Decimal:
    """The rate of a slice for `maintenance` or `initial` margin."""
    rate: Decimal = getattr(tier, _RATES[which])
    return rate


def collateral_pieces(tiers: CollateralTiers) -> tuple[Piece, ...]:
    """The counted quantity as pieces on the equity: slope 1 below 0, each slice's ratio above."""
    pieces = [Piece(_LOWEST, _ONE, _ZERO)]
    with exact():
        for tier in tiers.tiers:
            pieces.append(_continued(pieces[-1], tier.floor, tier.ratio))
        last = tiers.tiers[-1].cap
        if last is not None:
            pieces.append(_continued(pieces[-1], last, _ZERO))
    return tuple(pieces)


OFF_PIECES = (Piece(_LOWEST, _ONE, _ZERO), Piece(_ZERO, _ZERO, _ZERO))
"""A coin that is no collateral: negative equity in full, nothing above 0."""


def haircut_pieces(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """What such pieces count less than in full: 0 below 0, falling above."""
    with exact():
        return tuple(Piece(piece.start, piece.slope - _ONE, piece.offset) for piece in pieces)


def borrow_pieces(tiers: BorrowTiers, which: str) -> tuple[Piece, ...]:
    """The margin as pieces on the equity less what is frozen: falling to 0 at 0, and 0 above."""
    pieces = [Piece(_ZERO, _ZERO, _ZERO)]
    with exact():
        for tier in tiers.tiers:
            # Found from 0 downwards; a piece holds down to the negative of its cap.
            above = pieces[-1]
            at_floor = -tier.floor
            slope = -rate_of(tier, which)
            offset = above.slope * at_floor + above.offset - slope * at_floor
            start = _LOWEST if tier is tiers.tiers[-1] or tier.cap is None else -tier.cap
            pieces.append(Piece(start, slope, offset))
    return tuple(reversed(pieces))


def _continued(piece: Piece, start: Decimal, slope: Decimal) -> Piece:
    """The piece that goes on from `start` without a jump."""
    return Piece(start, slope, piece.slope * start + piece.offset - slope * start)
