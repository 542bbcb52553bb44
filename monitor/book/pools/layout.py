"""The records of the columns: private to the book, free to grow. Everything else of the project sees slots and floats.

A *slot* is a pool's row. Legs, cells and entries lie in blocks; a pool's record says where. The hot records are read in
full by a valuation, so that their fields lie together.
"""

from __future__ import annotations

import numpy as np

UNIT_ROUNDOFF = 2.0**-53
"""Half the gap between 1 and the next float64."""

UPDATE_LIMIT = 128
"""Incremental leg updates after which a pool's cells are computed afresh (columnar form, section 10)."""

NONE = -1

SUSPENDED = 1
"""Flag: not decided (its account is not known)."""
HELD = 2
"""Flag: a release was refused; no downward candidates until the hold is released."""
SIMPLE = 4
"""Flag: no program, and legs add their value to the collateral cell alone."""
NEEDS_MARGIN = 8
"""Flag: LIQUIDATION is reached only with a maintenance margin above 0."""
LIVE = 16
"""Flag: the slot holds a pool."""
FULL = 32
"""Flag: no running figures, every tick values the pool in full."""

FREE, PRICE, RECIPROCAL = range(3)
"""Form of a leg: its row is free; it takes its driver's price `p`; it takes `1 / p`."""

POOL = np.dtype(
    [
        ("leg_start", "i4"),
        ("leg_count", "i4"),
        ("cell_start", "i4"),
        ("cell_count", "i4"),
        ("entry_start", "i4"),
        ("entry_count", "i4"),
        ("program", "i4"),
        ("switch_set", "i4"),
        ("level", "i4"),
        ("flags", "i4"),
        ("missing", "i4"),
        ("updates", "i4"),
        ("collateral_factor", "f8"),
        ("margin_factor", "f8"),
        ("wide", "f8"),
        ("operations", "f8"),
        ("collateral_magnitude", "f8"),
        ("margin_magnitude", "f8"),
        ("stress_magnitude", "f8"),
        ("rounding", "f8"),
        ("rank", "i8"),
        ("generation", "i8"),
    ],
    align=True,
)
"""One pool. `missing`: how many of its drivers have no price. `wide`: the band of an incremental slack; `operations`: the
count of roundings that the band of an exact slack is made of; magnitudes: sums of absolute terms at the far end of each
driver's range, so that the band holds as long as no driver leaves it."""

LEG = np.dtype(
    [
        ("driver", "i4"),
        ("schedule", "i4"),
        ("value_cell", "i2"),
        ("margin_cell", "i2"),
        ("initial_cell", "i2"),
        ("form", "i2"),
        ("next_leg", "i4"),
        ("slot", "i4"),
        ("quantity", "f8"),
        ("extra_margin", "f8"),
        ("initial_rate", "f8"),
        ("margin", "f8"),
    ],
    align=True,
)
"""One leg. `form`: what of its driver it takes, 0 when the row is free. `next_leg`: the row of the pool's next leg on the same
driver. `margin`: what it last added to its margin cell."""

DRIVER = np.dtype(
    [
        ("price", "f8"),
        ("weight", "f8"),
        ("low", "f8"),
        ("high", "f8"),
        ("holder_start", "i4"),
        ("holder_count", "i4"),
        ("holder_room", "i4"),
        ("is_declared", "i4"),
    ],
    align=True,
)
"""One driver. `low` to `high`: the absolute prices for which its holders' magnitudes hold; NaN before the first price."""

NODE = np.dtype(
    [
        ("source_cell", "i4"),
        ("target_cell", "i4"),
        ("width", "i4"),
        ("mode", "i4"),
        ("schedule", "i4"),
        ("scale", "i4"),
        ("weight", "f8"),
    ],
    align=True,
)

# Columns of a cell's row: the constant, the running value, the signed exposure of its legs, an upper and a lower bound of
# the largest single exposure, and the leg that has it (a place in the pool, as a float).
BASE, RUNNING, EXPOSURE, LARGEST_HIGH, LARGEST_LOW, LARGEST_LEG = range(6)
CELL_WIDTH = 6

# Columns of a holder's row (one a driver and pool) and of an entry's row (the way back).
HOLDER_SLOT, HOLDER_LEG, HOLDER_ENTRY = range(3)
HOLDER_WIDTH = 3
ENTRY_DRIVER, ENTRY_PLACE = range(2)
ENTRY_WIDTH = 2

# Columns of a threshold row, one a switch set and level: the switch's own four boundaries, then the loosest enter figures
# of all switches above. Row 0 has no switch; its first two columns hold the largest ratio and buffer of the set.
ENTER_RATIO, ENTER_BUFFER, EXIT_RATIO, EXIT_BUFFER, ABOVE_RATIO, ABOVE_BUFFER = range(6)
LARGEST_RATIO, LARGEST_BUFFER = 0, 1
THRESHOLD_WIDTH = 6
LEVELS = 5

# A boundary's bit in a mask of beyond or ambiguous boundaries: 4 * (switch - 1) + 2 * kind + side, as its column is
# 2 * side + kind (kind 0 ratio, 1 buffer; side 0 enter, 1 exit).
ENTER_BITS = 0b0101
EXIT_BITS = 0b1010

# What stopped a pass over rows.
DONE, RANGE_LEFT, BUFFER_FULL, CANDIDATES = range(4)
