"""Price rows as compact columns. Exact: every price comes back as the same float64, bit for bit.

A price is the float nearest to a printed decimal, so each driver has a number of decimals `d` at which `price * 10^d` is an
integer and dividing it by `10^d` gives the float back. The integers of one driver follow each other closely. A driver
for which no `d` up to 12 gives every price back is kept as raw bits.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from connectors.recording.columns import ColumnShape, Integers, pack
from monitor.domain.errors import BadInput
from monitor.domain.inputs import PriceBatch

Floats = npt.NDArray[np.float64]
Packed = tuple[ColumnShape, bytes]

MOST_DECIMALS = 12
RAW_BITS = MOST_DECIMALS + 1
_LARGEST_EXACT = 2.0**53
_POWERS = 10.0 ** np.arange(MOST_DECIMALS + 1)


def pack_prices(batches: Sequence[PriceBatch]) -> list[Packed]:
    """The rows of all batches, one after the other, in packed columns."""
    driver = _integers([batch.driver for batch in batches])
    price = np.concatenate([np.frombuffer(batch.price, np.float64) for batch in batches])
    lane = _integers([batch.lane for batch in batches])
    first = _integers([batch.offset_first for batch in batches])
    last = _integers([batch.offset_last for batch in batches])
    by_lane = np.argsort(lane, kind="stable")
    return [
        pack("driver", driver, delta=False),
        *_pack_values(driver, price),
        pack("ts_event_ns", _integers([batch.ts_event_ns for batch in batches]), delta=True),
        pack("ts_recv_ns", _integers([batch.ts_recv_ns for batch in batches]), delta=True),
        pack("lane", lane, delta=False),
        pack("offset_first", first[by_lane], delta=True),
        pack("offset_more", last - first, delta=False),
        pack("count", _integers([batch.count for batch in batches]), delta=False),
    ]


def unpack_prices(columns: Mapping[str, Integers]) -> PriceBatch:
    """All rows in one batch without lanes: the caller cuts it and gives each piece its own."""
    driver, lane = columns["driver"], columns["lane"]
    by_lane = np.argsort(lane, kind="stable")
    first = np.empty_like(lane)
    first[by_lane] = columns["offset_first"]
    return PriceBatch(
        (),
        array("i", driver.astype(np.int32).tobytes()),
        array("d", _unpack_values(driver, columns).tobytes()),
        array("q", columns["ts_event_ns"].tobytes()),
        array("q", columns["ts_recv_ns"].tobytes()),
        array("i", lane.astype(np.int32).tobytes()),
        array("q", first.tobytes()),
        array("q", (first + columns["offset_more"]).tobytes()),
        array("i", columns["count"].astype(np.int32).tobytes()),
    )


def decimals(driver: Integers, price: Floats) -> Integers:
    """For each row the decimals of its driver, `RAW_BITS` where the prices of the driver have no such number."""
    needed = np.full(price.size, RAW_BITS, np.int64)
    for places in range(MOST_DECIMALS, -1, -1):
        needed[_gives_back(price, np.full(price.size, places))] = places
    _, group = np.unique(driver, return_inverse=True)
    most = np.zeros(int(group.max()) + 1 if group.size else 0, np.int64)
    np.maximum.at(most, group, needed)
    of_row = most[group]
    # A number of decimals that one price needs may push another of the same driver beyond exact integers.
    failed = np.zeros(most.size, bool)
    np.logical_or.at(failed, group, ~_gives_back(price, np.minimum(of_row, MOST_DECIMALS)))
    return np.where(failed[group], RAW_BITS, of_row)


def _pack_values(driver: Integers, price: Floats) -> list[Packed]:
    places = decimals(driver, price)
    by_driver = np.argsort(driver, kind="stable")
    starts = np.unique(driver[by_driver], return_index=True)[1]
    is_raw = places == RAW_BITS
    kept = by_driver[~is_raw[by_driver]]
    mantissa = np.rint(price[kept] * _POWERS[places[kept]]).astype(np.int64)
    raw = price[by_driver[is_raw[by_driver]]].view(np.int64)
    return [
        pack("decimals", places[by_driver][starts], delta=False),
        pack("mantissa", mantissa, delta=True),
        pack("raw_price", raw, delta=False),
    ]


def _unpack_values(driver: Integers, columns: Mapping[str, Integers]) -> Floats:
    by_driver = np.argsort(driver, kind="stable")
    _, group = np.unique(driver, return_inverse=True)
    if columns["decimals"].size != (int(group.max()) + 1 if group.size else 0):
        raise BadInput("does not name each driver once", field="decimals")
    places = columns["decimals"][group][by_driver]
    is_raw = places == RAW_BITS
    price = np.empty(driver.size, np.float64)
    price[by_driver[~is_raw]] = columns["mantissa"] / _POWERS[places[~is_raw]]
    price[by_driver[is_raw]] = columns["raw_price"].view(np.float64)
    return price


def _gives_back(price: Floats, places: Integers) -> npt.NDArray[np.bool_]:
    """Whether an integer below 2^53, divided by 10^places, is this very float (sign of zero included)."""
    with np.errstate(all="ignore"):
        power = _POWERS[places]
        mantissa = np.rint(price * power) + 0.0
        exact: npt.NDArray[np.bool_] = (np.abs(mantissa) < _LARGEST_EXACT) & (
            (mantissa / power).view(np.int64) == price.view(np.int64)
        )
    return exact


def _integers(columns: Sequence[array[int]]) -> Integers:
    typed = [np.frombuffer(column, np.int32 if column.typecode == "i" else np.int64) for column in columns]
    return np.concatenate(typed).astype(np.int64, copy=False)
