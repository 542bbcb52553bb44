"""The class weight of a driver as the columns hold it."""

from __future__ import annotations

from monitor.domain.ids import DriverKey
from monitor.rules.class_weights import weight_of_driver
from monitor.rules.rulebook import Tables


def driver_weight(key: DriverKey, tables: Tables) -> float:
    """The weight, 0 while it cannot be told: no pool that holds the driver compiles before the same tables are in force."""
    weight = weight_of_driver(key, tables)
    return 0.0 if weight is None else float(weight)
