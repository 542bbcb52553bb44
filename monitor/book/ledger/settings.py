"""How accounts are set: modes, and margin mode, leverage and taker fee rate by instrument."""

from __future__ import annotations

from monitor.book.ledger.filling import BOTH, LONG, SHORT
from monitor.book.ledger.positions import PositionRow
from monitor.book.ledger.store import Store
from monitor.domain.account import InstrumentSetting, MarginMode, PositionMode
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountDeclared, SettingsChanged


def declare(store: Store, event: AccountDeclared) -> None:
    """A new account without holdings, or new settings of a known one. Raises `BadInput`, nothing changed."""
    row = store.accounts.rows.get(event.account)
    if row is None:
        _require_known(store, event.instruments, event.source)
        row = store.accounts.add(event.account, event.mode, event.position_mode)
        _set_instruments(store, row, event.instruments, None)
    else:
        _change(store, row, event)


def apply_settings(store: Store, event: SettingsChanged) -> None:
    """Take the settings that are not None. Raises `BadInput`, nothing changed."""
    _change(store, store.account_row(event.account, event.source), event)


def remove(store: Store, account: str) -> None:
    """Forget an account and everything of it."""
    row = store.account_row(account, "ledger")
    store.positions.remove(row)
    store.wallets.remove(row)
    store.ids.remove(row)
    store.recent.remove(row)
    for place in [place for place in store.listed_until_ns if place[0] == row]:
        del store.listed_until_ns[place]
    store.mode_since_ns.pop(row, None)
    store.accounts.remove(account)


def _change(store: Store, row: int, event: AccountDeclared | SettingsChanged) -> None:
    _require_known(store, event.instruments, event.source)
    if event.position_mode is not None and event.position_mode is not store.accounts.position_mode(row):
        _require_switchable(store, row, event.position_mode, event.source)
    store.accounts.set_modes(row, event.mode, event.position_mode)
    _set_instruments(store, row, event.instruments, event.ts_event_ns)


def _require_known(store: Store, settings: tuple[InstrumentSetting, ...], source: str) -> None:
    for setting in settings:
        store.instrument_terms(setting.instrument, source)


def _require_switchable(store: Store, row: int, wanted: PositionMode, source: str) -> None:
    """Venues switch the position mode only while flat: with open positions the word is refused, not obeyed."""
    if any(store.position(row, key).size for key in store.position_keys(row)):
        raise BadInput("cannot switch while positions are open", field="position_mode", value=wanted.value, source=source)


def _set_instruments(store: Store, account: int, settings: tuple[InstrumentSetting, ...], changed_ns: int | None) -> None:
    home = LONG if store.accounts.is_hedge(account) else BOTH
    for setting in settings:
        number = store.instruments.numbers[setting.instrument]
        sides = [side for side in (BOTH, LONG, SHORT) if store.positions.find(account, number, side) >= 0]
        for side in sides or [home]:
            held = store.position(account, (number, side))
            wanted = _set(held, setting)
            store.positions.write(account, number, side, wanted)
            if changed_ns is not None and wanted.is_isolated != held.is_isolated:
                store.mode_since_ns.setdefault(account, {})[number] = changed_ns


def _set(held: PositionRow, setting: InstrumentSetting) -> PositionRow:
    leverage = held.leverage if setting.leverage is None else setting.leverage
    is_isolated = held.is_isolated if setting.margin_mode is None else setting.margin_mode is MarginMode.ISOLATED
    keeps = is_isolated and held.is_isolated
    return held._replace(
        leverage=leverage,
        taker_fee_rate=held.taker_fee_rate if setting.taker_fee_rate is None else setting.taker_fee_rate,
        is_isolated=is_isolated,
        isolated_wallet=held.isolated_wallet if keeps else None,
        wallet_pending=held.wallet_pending and keeps,
    )
