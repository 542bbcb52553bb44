"""One cash event: checks first, then the movements of wallets."""

from __future__ import annotations

from monitor.book.ledger.cash import IsolatedPool, isolated_pool_of, signed_amount, transfer_legs
from monitor.book.ledger.event_ids import identity_hash
from monitor.book.ledger.fixed_point import asset_steps
from monitor.book.ledger.positions import SIDE_CODES
from monitor.book.ledger.recent import CashChange
from monitor.book.ledger.store import Store
from monitor.domain.errors import BadInput
from monitor.domain.events import Fee, Funding, Interest, Transfer

CashInput = Funding | Fee | Interest | Transfer
_KINDS: dict[type[CashInput], str] = {Funding: "funding", Fee: "fee", Interest: "interest", Transfer: "transfer"}


def apply_cash(store: Store, event: CashInput) -> bool:
    """Apply a cash event once. False, and nothing changed: its (kind, event_id) was applied before, or it lies at or before
    the last agreed state, which holds it already. Raises `BadInput` for pools and instruments that cannot be meant.
    """
    account = store.account_row(event.account, event.source)
    steps = asset_steps(event.amount, "amount", event.source)
    if isinstance(event, Transfer):
        legs = transfer_legs(event)
        whole = legs.whole * steps
        isolated = (*_move(store, event, legs.leaves, -steps), *_move(store, event, legs.enters, steps))
    else:
        whole = signed_amount(event, steps)
        isolated = _move(store, event, isolated_pool_of(event.pool, event.account, event.source), whole)
    identity = identity_hash(_KINDS[type(event)], event.event_id)
    if (account, identity) in store.ids or event.ts_event_ns <= store.accounts.agreed_ns[account]:
        return False
    asset = store.assets.number(event.asset)
    store.wallets.move(account, asset, whole)
    for instrument, side, moved in isolated:
        held = store.position(account, (instrument, side))
        if held.isolated_wallet is not None:
            # A wallet never seen stays unknown: what is added to it says nothing of the whole.
            wallet = held.isolated_wallet + moved
            store.positions.write(account, instrument, side, held._replace(isolated_wallet=wallet))
    store.recent.append(account, CashChange(event.ts_event_ns, ((asset, whole),), isolated))
    store.ids.add(account, identity, event.ts_event_ns)
    return True


def _move(store: Store, event: CashInput, pool: IsolatedPool | None, steps: int) -> tuple[tuple[int, int, int], ...]:
    if pool is None:
        return ()
    number, terms = store.instrument_terms(pool.instrument, event.source)
    settle = terms.instrument.settle_asset
    if event.asset != settle:
        raise BadInput(f"the isolated wallet is kept in {settle}", field="asset", value=event.asset, source=event.source)
    return ((number, SIDE_CODES[pool.side], steps),)
