"""Prices and tables of an account file, in the domain's form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from monitor.assess.account_file import AccountFile, AssetIndexEntry
from monitor.assess.grids_in import put_grids
from monitor.assess.markets_in import put_markets
from monitor.assess.table_entries import BracketEntry, BracketTableEntry, InstrumentEntry
from monitor.assess.tiers_in import put_tiers
from monitor.domain.errors import BadInput
from monitor.domain.ids import CLOCK, DriverKey, DriverKind, symbol_of, venue_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import (
    AssetIndexBuffers,
    Bracket,
    LeverageBrackets,
    Table,
    TableKey,
    TableKind,
    TableVersion,
)
from monitor.rules.brackets import deductions
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, load_class_weights
from monitor.rules.tables import TableSet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The steps of an instrument bind orders, not margin: assess has no use for them.
_ANY_STEP = Decimal("1e-18")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What values the accounts of a file."""

    tables: TableSet
    prices: dict[DriverKey, Decimal]

    def price(self, driver: DriverKey) -> Decimal | None:
        """The price of a driver, None when the file does not tell it."""
        return self.prices.get(driver)


def inputs_of(file: AccountFile, source: str) -> Inputs:
    """The tables and prices of a file; raises `BadInput` where two entries contradict each other or a table is wrong."""
    inputs = Inputs(TableSet(), {})
    inputs.tables.put(CLASS_WEIGHTS_KEY, load_class_weights())
    for index, instrument in enumerate(file.tables.instruments):
        where = f"tables.instruments[{index}]"
        _put(inputs.tables, TableKind.INSTRUMENT, instrument.instrument, _version(_instrument(instrument)), where, source)
    for index, table in enumerate(file.tables.leverage_brackets):
        where = f"tables.leverage_brackets[{index}]"
        _put(
            inputs.tables, TableKind.LEVERAGE_BRACKETS, table.instrument, _bracket_version(table, where, source), where, source
        )
    for put_tables in (put_tiers, put_markets, put_grids):
        put_tables(file.tables, partial(_put_version, inputs.tables, source), source)
    for index, asset in enumerate(file.asset_indices):
        _put_asset(inputs, asset, f"asset_indices[{index}]", source)
    _put_prices(file, inputs, source)
    for field, instrument_id, mark_price in _marks(file):
        driver = DriverKey(DriverKind.MARK, instrument_id)
        if inputs.prices.setdefault(driver, mark_price) != mark_price:
            raise BadInput(
                f"another mark price of {instrument_id} is in the file", field=field, value=mark_price, source=source
            )
    return inputs


def brackets_of(entry: BracketTableEntry, where: str, source: str) -> LeverageBrackets:
    """The bracket table of an entry, deductions computed and compared with those given."""
    if entry.maintenance_margin_rate is not None:
        only = BracketEntry(floor=Decimal(0), maintenance_margin_rate=entry.maintenance_margin_rate)
        return _table([only], [entry.deduction or Decimal(0)], where, source)
    floors = [bracket.floor for bracket in entry.brackets]
    amounts = deductions(floors, [bracket.maintenance_margin_rate for bracket in entry.brackets])
    for index, (bracket, amount) in enumerate(zip(entry.brackets, amounts, strict=True)):
        if bracket.deduction is not None and bracket.deduction != amount:
            field = f"{where}.brackets[{index}].deduction"
            reason = f"floors and rates give {amount:f}: the margin would jump"
            raise BadInput(reason, field=field, value=bracket.deduction, source=source)
    return _table(entry.brackets, amounts, where, source)


def _table(
    entries: list[BracketEntry], amounts: list[Decimal] | tuple[Decimal, ...], where: str, source: str
) -> LeverageBrackets:
    following = [*(entry.floor for entry in entries[1:]), None]
    try:
        return LeverageBrackets(
            brackets=tuple(
                Bracket(
                    floor=entry.floor,
                    cap=entry.cap if entry.cap is not None else next_floor,
                    maintenance_margin_rate=entry.maintenance_margin_rate,
                    deduction=amount,
                    initial_leverage=entry.initial_leverage,
                )
                for entry, amount, next_floor in zip(entries, amounts, following, strict=True)
            )
        )
    except ValueError as error:
        raise BadInput(str(error), field=f"{where}.brackets", source=source) from error


def _put_version(tables: TableSet, source: str, kind: TableKind, subject: str, version: TableVersion, where: str) -> None:
    _put(tables, kind, subject, version, where, source)


def _bracket_version(entry: BracketTableEntry, where: str, source: str) -> TableVersion:
    return TableVersion(
        version=entry.version,
        effective_ns=0,
        table=brackets_of(entry, where, source),
        source=entry.source or source,
        verified=entry.verified,
    )


def _instrument(entry: InstrumentEntry) -> Instrument:
    return Instrument(
        instrument=entry.instrument,
        kind=entry.kind,
        base=entry.base,
        quote=entry.quote,
        settle_asset=entry.settle_asset,
        contract_size=entry.contract_size,
        size_step=_ANY_STEP,
        price_step=_ANY_STEP,
        expiry_ns=None if entry.expiry is None else nanoseconds(entry.expiry),
        strike=entry.strike,
        option_type=entry.option_type,
    )


def _put_asset(inputs: Inputs, entry: AssetIndexEntry, where: str, source: str) -> None:
    converts = entry.bid_buffer is not None or entry.bid_rate is not None
    if converts:
        table = AssetIndexBuffers(
            bid_buffer=entry.bid_buffer,
            ask_buffer=entry.ask_buffer,
            auto_exchange_bid_buffer=entry.auto_exchange_bid_buffer,
            auto_exchange_ask_buffer=entry.auto_exchange_ask_buffer,
        )
        _put(inputs.tables, TableKind.ASSET_INDEX, entry.asset, _version(table), where, source)
    for kind, price in (
        (DriverKind.ASSET_INDEX, entry.index),
        (DriverKind.ASSET_BID, entry.bid_rate),
        (DriverKind.ASSET_ASK, entry.ask_rate),
    ):
        if price is not None:
            inputs.prices[DriverKey(kind, entry.asset)] = price


def _put(tables: TableSet, kind: TableKind, subject: str, version: TableVersion, where: str, source: str) -> None:
    key = TableKey(venue_of(subject), kind, symbol_of(subject))
    if tables.find(key) is not None:
        raise BadInput("the same table twice", field=where, value=subject, source=source)
    tables.put(key, version)


def _version(table: Table) -> TableVersion:
    return TableVersion(version="account file", effective_ns=0, table=table, source="account file")


def _put_prices(file: AccountFile, inputs: Inputs, source: str) -> None:
    if file.as_of is not None:
        inputs.prices[CLOCK] = Decimal(nanoseconds(file.as_of)).scaleb(-9)
    for index, entry in enumerate(file.prices):
        driver = DriverKey(entry.driver, entry.subject)
        if inputs.prices.setdefault(driver, entry.price) != entry.price:
            reason = f"another {entry.driver.value} of {entry.subject} is in the file"
            raise BadInput(reason, field=f"prices[{index}].price", value=entry.price, source=source)


def nanoseconds(moment: datetime) -> int:
    """A time as integer nanoseconds since the epoch."""
    since = moment - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def _marks(file: AccountFile) -> list[tuple[str, str, Decimal]]:
    """Every mark price in the file with the field it stands in."""
    found = [
        (f"mark_prices[{index}].mark_price", entry.instrument, entry.mark_price) for index, entry in enumerate(file.mark_prices)
    ]
    for number, account in enumerate(file.accounts):
        for index, position in enumerate(account.positions):
            if position.mark_price is not None:
                field = f"accounts[{number}].positions[{index}].mark_price"
                found.append((field, position.instrument, position.mark_price))
    return found
