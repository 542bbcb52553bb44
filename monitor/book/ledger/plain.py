"""The ledger as plain JSON data and back, exactly: truth by name, never rows or numbers of this process.

Steps beyond 53 bits are strings. Accounts stand in the order in which they were declared; positions and wallets in canonical
order, so that equal ledgers have equal data, whatever way they came about.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from enum import Enum
from typing import Any

from monitor.book.ledger.fixed_point import wide
from monitor.book.ledger.positions import SIDE_CODES, SIDES, PositionRow
from monitor.book.ledger.recent import Change, ChangeNames, plain_change
from monitor.book.ledger.store import PositionKey, Store
from monitor.book.ledger.terms import ContractTerms
from monitor.book.ledger.told import told_from_plain, told_to_plain
from monitor.domain.account import AccountMode, PositionMode, PositionSide
from monitor.domain.holdings import Order
from monitor.domain.instrument import Instrument, InstrumentKind


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """Everything that the ledger's further answers depend on besides the accounts' own rows, as of one moment.

    `changes` are what moved the accounts of late, in their common order: kept as they are, since they are many, do not change
    and may be written out at leisure.
    """

    accounts: tuple[str, ...]
    shared: dict[str, Any]
    changes: tuple[tuple[str, Change], ...]
    horizon_ns: dict[str, int]
    names: ChangeNames

    @classmethod
    def of(cls, store: Store) -> LedgerHead:
        """The head of now."""
        names = _names(store)
        return cls(
            accounts=tuple(store.accounts.rows),
            shared=_shared(store),
            changes=store.recent.in_order(names),
            horizon_ns=store.recent.horizons(names),
            names=names,
        )

    def plain(self, accounts: list[dict[str, Any]]) -> dict[str, Any]:
        """The ledger's whole state with the rows of its accounts."""
        changes = [[account, *plain_change(change, self.names)] for account, change in self.changes]
        return {**self.shared, "accounts": accounts, "recent": {"changes": changes, "horizon_ns": self.horizon_ns}}


def _shared(store: Store) -> dict[str, Any]:
    numbers = sorted(store.terms, key=store.instruments.by_number.__getitem__)
    listed = sorted(
        (store.accounts.names[row], store.instruments.by_number[instrument], side, ns)
        for (row, instrument, side), ns in store.listed_until_ns.items()
    )
    modes = sorted(
        (store.accounts.names[row], store.instruments.by_number[instrument], ns)
        for row, since in store.mode_since_ns.items()
        for instrument, ns in since.items()
    )
    return {
        "instruments": [_plain_terms(store.terms[number]) for number in numbers],
        "listed_until_ns": [list(entry) for entry in listed],
        "mode_since_ns": [list(entry) for entry in modes],
    }


def from_plain(plain: dict[str, Any]) -> Store:
    """The store that `to_plain` described."""
    store = Store()
    for row in plain["instruments"]:
        _restore_terms(store, row)
    for account in plain["accounts"]:
        _restore_account(store, account)
    for account, instrument, side, ns in plain["listed_until_ns"]:
        store.listed_until_ns[store.accounts.rows[account], store.instruments.number(instrument), side] = ns
    for account, instrument, ns in plain["mode_since_ns"]:
        since = store.mode_since_ns.setdefault(store.accounts.rows[account], {})
        since[store.instruments.number(instrument)] = ns
    store.recent.restore(plain["recent"], _names(store), store.accounts.rows)
    return store


def _names(store: Store) -> ChangeNames:
    return ChangeNames(store.accounts.names, store.instruments, store.assets)


def _plain_value(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


def _plain_terms(terms: ContractTerms) -> dict[str, Any]:
    instrument = terms.instrument
    plain = {field.name: _plain_value(getattr(instrument, field.name)) for field in fields(instrument)}
    return {**plain, "size_unit": str(terms.size_unit)}


def _restore_terms(store: Store, row: dict[str, Any]) -> None:
    decimals = {name: Decimal(row[name]) for name in ("contract_size", "size_step", "price_step")}
    given = {name: value for name, value in row.items() if name != "size_unit"}
    instrument = Instrument(**{**given, **decimals, "kind": InstrumentKind(row["kind"])})
    number = store.instruments.number(instrument.instrument)
    store.terms[number] = ContractTerms.of(instrument, Decimal(row["size_unit"]), store.asset_numbers(instrument))


def account_to_plain(store: Store, account: str) -> dict[str, Any]:
    """One account's own rows: settings, positions, wallets, orders, event ids."""
    row = store.accounts.rows[account]
    names = store.assets.by_number
    wallets = sorted((names[asset], balance, residual) for asset, balance, residual in store.wallets.of(row))
    return {
        "account": account,
        "mode": store.accounts.mode(row).value,
        "position_mode": store.accounts.position_mode(row).value,
        "agreed_ns": store.accounts.agreed_ns[row],
        "positions": [_plain_position(store, row, key) for key in store.position_keys(row)],
        "wallets": [[name, wide(balance), wide(residual)] for name, balance, residual in wallets],
        "orders": [_plain_order(order) for order in store.accounts.orders.get(row, ())],
        **told_to_plain(store.accounts.told(row)),
        **store.ids.plain(row),
    }


def _restore_account(store: Store, plain: dict[str, Any]) -> None:
    row = store.accounts.add(plain["account"], AccountMode(plain["mode"]), PositionMode(plain["position_mode"]))
    store.accounts.agreed_ns[row] = plain["agreed_ns"]
    for position in plain["positions"]:
        _restore_position(store, row, position)
    for asset, balance, residual in plain["wallets"]:
        store.wallets.write(row, store.assets.number(asset), int(balance), int(residual))
    if plain["orders"]:
        store.accounts.orders[row] = tuple(_order_of(order) for order in plain["orders"])
    store.accounts.tell(row, told_from_plain(plain))
    store.ids.restore(row, plain.get("ids"), plain.get("ids_dropped_ns"))


def _plain_position(store: Store, account: int, key: PositionKey) -> dict[str, Any]:
    row = store.position(account, key)
    return {
        "instrument": store.instruments.by_number[key[0]],
        "position_side": SIDES[key[1]].value,
        "size": wide(row.size),
        "cost": wide(row.cost),
        "doubt": wide(row.doubt),
        "is_isolated": row.is_isolated,
        "isolated_wallet": None if row.isolated_wallet is None else wide(row.isolated_wallet),
        "wallet_pending": row.wallet_pending,
        "leverage": None if row.leverage is None else str(row.leverage),
        "taker_fee_rate": None if row.taker_fee_rate is None else str(row.taker_fee_rate),
        "adl_rank": row.adl_rank,
    }


def _restore_position(store: Store, account: int, plain: dict[str, Any]) -> None:
    side = SIDE_CODES[PositionSide(plain["position_side"])]
    row = PositionRow(
        size=int(plain["size"]),
        cost=int(plain["cost"]),
        doubt=int(plain["doubt"]),
        is_isolated=plain["is_isolated"],
        isolated_wallet=None if plain["isolated_wallet"] is None else int(plain["isolated_wallet"]),
        wallet_pending=plain["wallet_pending"],
        leverage=None if plain["leverage"] is None else Decimal(plain["leverage"]),
        adl_rank=plain["adl_rank"],
        taker_fee_rate=_optional(plain.get("taker_fee_rate")),
    )
    store.positions.write(account, store.instruments.number(plain["instrument"]), side, row)


def _plain_order(order: Order) -> dict[str, Any]:
    return {field.name: _plain_value(getattr(order, field.name)) for field in fields(order)}


def _order_of(plain: dict[str, Any]) -> Order:
    return Order(
        instrument=plain["instrument"],
        order_id=plain["order_id"],
        position_side=PositionSide(plain["position_side"]),
        size=Decimal(plain["size"]),
        limit_price=None if plain["limit_price"] is None else Decimal(plain["limit_price"]),
        reduce_only=plain["reduce_only"],
        leverage=_optional(plain.get("leverage")),
        taker_fee_rate=_optional(plain.get("taker_fee_rate")),
    )


def _optional(text: str | None) -> Decimal | None:
    """A decimal, None where nothing was told (or by a build that did not know the field)."""
    return None if text is None else Decimal(text)
