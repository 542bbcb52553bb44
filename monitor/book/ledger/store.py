"""All the ledger holds: tables by account row, instruments and assets by number."""

from __future__ import annotations

from fractions import Fraction

from monitor.book.ledger.accounts import Accounts
from monitor.book.ledger.columns import Names
from monitor.book.ledger.event_ids import EventIds
from monitor.book.ledger.positions import EMPTY, SIDES, PositionRow, Positions
from monitor.book.ledger.recent import RecentChanges
from monitor.book.ledger.terms import ContractTerms, finer_unit, require_column_size
from monitor.book.ledger.wallets import Wallets
from monitor.domain.errors import BadInput
from monitor.domain.instrument import Instrument

PositionKey = tuple[int, int]
"""Instrument number and side code of one position of an account."""


class Store:
    """The tables. Only the modules of this package touch it."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self.positions = Positions(self.accounts.first_position)
        self.wallets = Wallets(self.accounts.first_wallet)
        self.ids = EventIds()
        self.recent = RecentChanges()
        self.instruments = Names()
        self.assets = Names()
        self.terms: dict[int, ContractTerms] = {}
        self.listed_until_ns: dict[tuple[int, int, int], int] = {}
        """Venue time up to which an adopted incomplete state holds a position's fills, by account row and position key."""
        self.mode_since_ns: dict[int, dict[int, int]] = {}
        """By account row and instrument: since which venue time its margin mode is another; an older state tells the former."""

    def account_row(self, account: str, source: str) -> int:
        """The row of a declared account; raises `BadInput` for any other."""
        row = self.accounts.rows.get(account)
        if row is None:
            raise BadInput("the account was not declared", field="account", value=account, source=source)
        return row

    def instrument_terms(self, instrument: str, source: str) -> tuple[int, ContractTerms]:
        """Number and terms of an instrument; raises `BadInput` when its terms are not known."""
        number = self.instruments.numbers.get(instrument, -1)
        terms = self.terms.get(number)
        if terms is None:
            raise BadInput("the instrument is not known", field="instrument", value=instrument, source=source)
        return number, terms

    def set_instrument(self, instrument: Instrument) -> None:
        """Take an instrument's terms; a finer size step rescales what is held. Raises `BadInput` when held sizes forbid it."""
        number = self.instruments.number(instrument.instrument)
        known = self.terms.get(number)
        unit = instrument.size_step if known is None else finer_unit(known.size_unit, instrument.size_step)
        terms = ContractTerms.of(instrument, unit, self.asset_numbers(instrument))
        if known is not None and known.instrument != instrument:
            self._change_terms(number, known, terms)
        self.terms[number] = terms

    def asset_numbers(self, instrument: Instrument) -> tuple[int, int, int]:
        """Settle asset, base and quote of an instrument by number."""
        number = self.assets.number
        return number(instrument.settle_asset), number(instrument.base), number(instrument.quote)

    def position(self, account: int, key: PositionKey) -> PositionRow:
        """A position, flat when the account has no row for it; its settings are then those of the instrument's other rows."""
        row = self.positions.find(account, *key)
        return self.positions.read(row) if row >= 0 else self.instrument_settings(account, key[0])

    def instrument_settings(self, account: int, instrument: int) -> PositionRow:
        """A flat position with the margin mode, leverage and fee rate that the account has for the instrument on any side."""
        for side in range(len(SIDES)):
            row = self.positions.find(account, instrument, side)
            if row >= 0:
                held = self.positions.read(row)
                return EMPTY._replace(is_isolated=held.is_isolated, leverage=held.leverage, taker_fee_rate=held.taker_fee_rate)
        return EMPTY

    def position_keys(self, account: int) -> list[PositionKey]:
        """The account's rows in canonical order: instrument id, then side."""
        keys = [(instrument, side) for _row, instrument, side in self.positions.of(account)]
        return sorted(keys, key=self.canonical)

    def canonical(self, key: PositionKey) -> tuple[str, int]:
        """The place of a position in canonical order."""
        return self.instruments.by_number[key[0]], key[1]

    def _change_terms(self, number: int, known: ContractTerms, terms: ContractTerms) -> None:
        largest = self.positions.largest_size(number)
        fixed = ("kind", "settle_asset", "base", "quote", "contract_size")
        old, new = known.instrument, terms.instrument
        changed = [name for name in fixed if getattr(old, name) != getattr(new, name)]
        if changed and largest:
            field = changed[0]
            raise BadInput(
                "cannot change while positions are open", field=field, value=getattr(new, field), source=new.instrument
            )
        factor = Fraction(known.size_unit) / Fraction(terms.size_unit)
        if factor != 1:
            require_column_size(largest * int(factor), "size_step", new.instrument)
            self.positions.rescale(number, int(factor))
            self.recent.rescale(number, int(factor))
