"""The class weights of the stress notional: our own dated policy, and whose weight a driver carries."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib import resources

from monitor.domain.errors import BadInput
from monitor.domain.ids import DriverKey, DriverKind, symbol_of, venue_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import ClassWeights, TableKey, TableKind, TableVersion
from monitor.rules.rulebook import Tables

CLASS_WEIGHTS_KEY = TableKey("marginwatch", TableKind.CLASS_WEIGHTS, "all")
_FILE = "class_weights.toml"
_ASSET_DRIVERS = frozenset({DriverKind.ASSET_INDEX, DriverKind.ASSET_BID, DriverKind.ASSET_ASK})


def load_class_weights() -> TableVersion:
    """The shipped weights. In force from time 0, so that recordings of any year are valued under the same policy."""
    text = resources.files("monitor.rules").joinpath(_FILE).read_text(encoding="utf-8")
    return class_weights_from_toml(text, _FILE)


def class_weights_from_toml(text: str, source: str) -> TableVersion:
    """The weights written in a TOML text; raises `BadInput` naming the key and the source."""
    try:
        document = tomllib.loads(text)
        table = ClassWeights(
            default=Decimal(document["default"]),
            weights={asset: Decimal(weight) for asset, weight in document["weights"].items()},
        )
        version = str(document["version"])
    except (tomllib.TOMLDecodeError, KeyError, ArithmeticError, TypeError, AttributeError, ValueError) as error:
        raise BadInput(f"not a table of class weights: {error!r}", source=source) from error
    return TableVersion(version=version, effective_ns=0, table=table, source=str(document.get("source", source)))


def weights_in_force(tables: Tables) -> ClassWeights | None:
    """The class weights in force, None without any."""
    found = tables.find(CLASS_WEIGHTS_KEY)
    return found.table if found is not None and isinstance(found.table, ClassWeights) else None


def weight_of_driver(driver: DriverKey, tables: Tables) -> Decimal | None:
    """The class weight of a driver's underlying: of an instrument's base, or of the asset that an asset driver prices.

    None while it cannot be told: no weights in force, or an instrument that no table describes.
    """
    weights = weights_in_force(tables)
    underlying = underlying_of(driver, tables)
    return None if weights is None or underlying is None else weights.of(underlying)


def underlying_of(driver: DriverKey, tables: Tables) -> str | None:
    """The asset whose price a driver follows; None for an instrument that no table describes."""
    if driver.kind in _ASSET_DRIVERS:
        return symbol_of(driver.subject)
    found = tables.find(TableKey(venue_of(driver.subject), TableKind.INSTRUMENT, symbol_of(driver.subject)))
    return found.table.base if found is not None and isinstance(found.table, Instrument) else None
