"""One fill: every check first, then the writes, so that a refused fill changes nothing."""

from __future__ import annotations

from monitor.book.ledger.booking import Booking, book_fill
from monitor.book.ledger.event_ids import identity_hash
from monitor.book.ledger.fixed_point import PRICE_DIGITS, WIDEST, asset_steps, printed_unit, steps_of
from monitor.book.ledger.outcome import FillKind, FillOutcome
from monitor.book.ledger.recent import CashChange, FillChange
from monitor.book.ledger.store import PositionKey, Store
from monitor.book.ledger.terms import ContractTerms, require_column_size
from monitor.domain.account import MarginMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import Fill
from monitor.domain.instrument import InstrumentKind

_DUPLICATE = FillOutcome(FillKind.DUPLICATE, False, False)
_CONTAINED = FillOutcome(FillKind.CONTAINED, False, False)
_NO_MODE = -1
BOTH, LONG, SHORT = 0, 1, 2


def apply_fill(store: Store, fill: Fill) -> FillOutcome:
    """Apply a fill once; raises `BadInput`, with nothing changed, when it cannot be what the venue did."""
    source = fill.source
    account = store.account_row(fill.account, source)
    instrument, terms = store.instrument_terms(fill.instrument, source)
    identity = identity_hash("fill", fill.instrument, fill.trade_id, fill.order_id, "buy" if fill.size > 0 else "sell")
    if (account, identity) in store.ids:
        return _DUPLICATE
    key = (instrument, _side_code(store, account, fill))
    if _is_contained(store, account, key, fill.ts_event_ns):
        return _CONTAINED
    if terms.instrument.kind is InstrumentKind.SPOT:
        _apply_spot(store, account, terms, fill)
        outcome = FillOutcome(FillKind.APPLIED, False, False)
    elif terms.instrument.kind is InstrumentKind.OPTION:
        raise BadInput("options are not kept in this ledger", field="instrument", value=fill.instrument, source=source)
    else:
        outcome = _apply_derivative(store, account, key, terms, fill)
    store.ids.add(account, identity, fill.ts_event_ns)
    return outcome


def require_reachable(side: int, after: int, size: object, source: str) -> None:
    """Refuse a fill in hedge mode that would turn a long position short or a short one long."""
    if (side == LONG and after < 0) or (side == SHORT and after > 0):
        raise BadInput("reduces more than the position of that side", field="size", value=str(size), source=source)


def _apply_derivative(store: Store, account: int, key: PositionKey, terms: ContractTerms, fill: Fill) -> FillOutcome:
    source = fill.source
    traded = terms.size_units(fill.size, "size", source)
    price = steps_of(fill.fill_price, PRICE_DIGITS, "fill_price", source)
    printed, unit = None, 0
    if fill.realised_pnl is not None:
        printed, unit = asset_steps(fill.realised_pnl, "realised_pnl", source), printed_unit(fill.realised_pnl)
    fee_asset, fee = _fee(store, fill)
    row = store.positions.find(account, *key)
    size, cost, doubt = store.positions.lot(row) if row >= 0 else (0, 0, 0)
    booking = book_fill(terms, size, cost, doubt, traded, price, printed, unit)
    _require_fits(booking, key[1], fill)

    mode = _NO_MODE if fill.margin_mode is None else int(fill.margin_mode is MarginMode.ISOLATED)
    is_isolated = _write(store, account, key, row, booking, mode)
    store.wallets.move(account, terms.settle, booking.realised, booking.residual)
    if fee:
        store.wallets.move(account, fee_asset, -fee)
    store.recent.append(
        account,
        FillChange(
            fill.ts_event_ns, key[0], key[1], traded, price, printed, unit, mode, terms.settle, fee_asset, fee,
            booking.cost - cost, booking.realised, booking.restarts,
        ),
    )  # fmt: skip
    return FillOutcome(FillKind.APPLIED, booking.rounding_exceeded, is_isolated)


def _write(store: Store, account: int, key: PositionKey, row: int, booking: Booking, mode: int) -> bool:
    """Write the position; True when it is isolated. Settings and isolated wallet are looked at only where they may move."""
    positions = store.positions
    if row >= 0 and not booking.restarts and mode == _NO_MODE and not positions.is_isolated(row):
        positions.set_lot(row, booking.size, booking.cost, booking.doubt)
        return False
    held = store.position(account, key)
    is_isolated = held.is_isolated if mode == _NO_MODE else bool(mode)
    forgets = booking.restarts or not is_isolated
    positions.write(
        account,
        *key,
        held._replace(
            size=booking.size,
            cost=booking.cost,
            doubt=booking.doubt,
            is_isolated=is_isolated,
            isolated_wallet=None if forgets else held.isolated_wallet,
            wallet_pending=is_isolated and booking.size != 0,
            adl_rank=held.adl_rank if booking.size else None,
        ),
    )
    return is_isolated


def _apply_spot(store: Store, account: int, terms: ContractTerms, fill: Fill) -> None:
    """A spot trade is two movements of wallets: base in, quote out (or the reverse), and the fee."""
    traded = terms.size_units(fill.size, "size", fill.source)
    price = steps_of(fill.fill_price, PRICE_DIGITS, "fill_price", fill.source)
    fee_asset, fee = _fee(store, fill)
    bought = terms.value(traded, 10**PRICE_DIGITS)
    trade = ((terms.base, bought), (terms.quote, -terms.value(traded, price)))
    moves = (*trade, (fee_asset, -fee)) if fee else trade
    for asset, steps in moves:
        store.wallets.move(account, asset, steps)
    store.recent.append(account, CashChange(fill.ts_event_ns, moves, ()))


def _fee(store: Store, fill: Fill) -> tuple[int, int]:
    if not fill.fee or fill.fee_asset is None:
        return -1, 0
    return store.assets.number(fill.fee_asset), asset_steps(fill.fee, "fee", fill.source)


def _side_code(store: Store, account: int, fill: Fill) -> int:
    side = fill.position_side
    if (side is not PositionSide.BOTH) != store.accounts.is_hedge(account):
        mode = store.accounts.position_mode(account).value
        raise BadInput(f"the account is in {mode} mode", field="position_side", value=side.value, source=fill.source)
    if side is PositionSide.BOTH:
        return BOTH
    return LONG if side is PositionSide.LONG else SHORT


def _is_contained(store: Store, account: int, key: PositionKey, ts_event_ns: int) -> bool:
    if ts_event_ns <= store.accounts.agreed_ns[account]:
        return True
    return bool(store.listed_until_ns) and ts_event_ns <= store.listed_until_ns.get((account, *key), -1)


def _require_fits(booking: Booking, side: int, fill: Fill) -> None:
    if side != BOTH:
        require_reachable(side, booking.size, fill.size, fill.source)
    require_column_size(booking.size, "size", fill.source)
    if abs(booking.cost) > WIDEST or abs(booking.realised) > WIDEST:
        raise BadInput("notional is too large", field="fill_price", value=str(fill.fill_price), source=fill.source)
