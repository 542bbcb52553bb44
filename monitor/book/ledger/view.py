"""What an account holds, in Decimals: the ledger's face to the rules."""

from __future__ import annotations

from monitor.book.ledger.adoption import Adoption, plan_adoption
from monitor.book.ledger.fixed_point import decimal_of
from monitor.book.ledger.positions import SIDES, PositionRow
from monitor.book.ledger.store import PositionKey, Store
from monitor.domain.account import MarginMode
from monitor.domain.events import AccountState
from monitor.domain.holdings import AccountHoldings, Position


def holdings(store: Store, account: str) -> AccountHoldings:
    """Our account: open positions in canonical order, whole wallets by asset name."""
    row = store.account_row(account, "ledger")
    positions = {key: store.position(row, key) for key in store.position_keys(row)}
    wallets = {asset: balance for asset, balance, _residual in store.wallets.of(row)}
    return _holdings(store, account, Adoption(positions, wallets, {}, None))


def venue_holdings(store: Store, state: AccountState, account: str) -> AccountHoldings:
    """The account as it would be if the state were adopted: the venue's values where it states other ones than ours."""
    row = store.account_row(account, state.source)
    plan = plan_adoption(store, row, state)
    ours = {key: store.position(row, key) for key in store.position_keys(row)}
    return _holdings(store, account, plan._replace(positions={**ours, **plan.positions}))


def position_instruments(store: Store, account: str) -> tuple[str, ...]:
    """The instruments of open positions, sorted."""
    row = store.account_row(account, "ledger")
    held = {key[0] for key in store.position_keys(row) if store.position(row, key).size}
    return tuple(sorted(store.instruments.by_number[number] for number in held))


def _holdings(store: Store, account: str, held: Adoption) -> AccountHoldings:
    row = store.accounts.rows[account]
    names = store.assets.by_number
    keys = sorted((key for key, position in held.positions.items() if position.size), key=store.canonical)
    told = held.told.over(store.accounts.told(row))
    return AccountHoldings(
        account=account,
        mode=store.accounts.mode(row),
        position_mode=store.accounts.position_mode(row),
        wallets={names[asset]: decimal_of(held.wallets[asset]) for asset in sorted(held.wallets, key=names.__getitem__)},
        positions=tuple(_position(store, key, held.positions[key]) for key in keys),
        orders=store.accounts.orders.get(row, ()) if held.orders is None else held.orders,
        frozen=told.frozen or {},
        borrowed=told.borrowed or {},
        venue_given=told.venue_given or {},
        not_collateral=told.not_collateral or (),
    )


def _position(store: Store, key: PositionKey, row: PositionRow) -> Position:
    return Position(
        instrument=store.instruments.by_number[key[0]],
        position_side=SIDES[key[1]],
        margin_mode=MarginMode.ISOLATED if row.is_isolated else MarginMode.CROSS,
        size=store.terms[key[0]].size_decimal(row.size),
        cost=decimal_of(row.cost),
        leverage=row.leverage,
        isolated_wallet=None if row.isolated_wallet is None else decimal_of(row.isolated_wallet),
        adl_rank=row.adl_rank,
        taker_fee_rate=row.taker_fee_rate,
    )
