"""A venue's account state in the ledger's steps, and whether its figures are ours, as far as their printing can tell."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from monitor.book.ledger.booking import MOST_DOUBT
from monitor.book.ledger.fixed_point import LARGEST_DIGITS, asset_steps, printed_unit
from monitor.book.ledger.positions import SIDE_CODES
from monitor.book.ledger.store import PositionKey, Store
from monitor.book.ledger.terms import ContractTerms
from monitor.domain.account import PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import AccountState, PositionState
from monitor.domain.instrument import InstrumentKind

_FINEST_PRICE_EXPONENT = -60
_HIGHEST_ADL_RANK = 127
OWN_ROUNDING = 1
"""Steps by which a cost rounded half even may differ from the venue's unrounded one."""


class StatedPosition(NamedTuple):
    """A position as stated. `cost` from the printed entry price, good to `cost_width`: one unit of its last digit."""

    terms: ContractTerms
    said: PositionState
    size: int
    cost: int
    cost_width: int
    isolated_wallet: int | None
    isolated_unit: int


class StatedWallet(NamedTuple):
    """A whole wallet as stated; `unit` is one unit of its last printed digit."""

    balance: int
    unit: int


class Stated(NamedTuple):
    """A whole state, by position key and asset number."""

    positions: dict[PositionKey, StatedPosition]
    wallets: dict[int, StatedWallet]


def stated(store: Store, account: int, state: AccountState) -> Stated:
    """The state in steps; raises `BadInput` for unknown instruments, wrong sides, sizes off the step, double entries."""
    positions: dict[PositionKey, StatedPosition] = {}
    for said in state.positions:
        number, terms = store.instrument_terms(said.instrument, state.source)
        key = (number, SIDE_CODES[said.position_side])
        if key in positions:
            raise BadInput("the position is listed twice", field="positions", value=said.instrument, source=state.source)
        if said.size and (said.position_side is not PositionSide.BOTH) != store.accounts.is_hedge(account):
            mode = store.accounts.position_mode(account).value
            side = said.position_side.value
            raise BadInput(f"the account is in {mode} mode", field="position_side", value=side, source=state.source)
        positions[key] = _position(terms, said, state.source)
    wallets: dict[int, StatedWallet] = {}
    for wallet in state.wallets:
        asset = store.assets.number(wallet.asset)
        if asset in wallets:
            raise BadInput("the wallet is listed twice", field="wallets", value=wallet.asset, source=state.source)
        wallets[asset] = StatedWallet(asset_steps(wallet.balance, "balance", state.source), printed_unit(wallet.balance))
    return Stated(positions, wallets)


def entry_agrees(position: StatedPosition, cost: int, doubt: int) -> bool:
    """Whether our cost lies within what the printed entry price and earlier printing leave open."""
    apart = abs(cost - position.cost)
    return apart < position.cost_width + doubt or apart <= OWN_ROUNDING


def _position(terms: ContractTerms, said: PositionState, source: str) -> StatedPosition:
    if terms.instrument.kind in (InstrumentKind.OPTION, InstrumentKind.SPOT) and said.size:
        raise BadInput("no position of this kind is kept", field="instrument", value=said.instrument, source=source)
    size = terms.size_units(said.size, "size", source)
    wrong_sign = size < 0 if said.position_side is PositionSide.LONG else size > 0
    if wrong_sign and said.position_side is not PositionSide.BOTH:
        raise BadInput(f"wrong sign for {said.position_side.value}", field="size", value=str(said.size), source=source)
    if said.adl_rank is not None and not 0 <= said.adl_rank <= _HIGHEST_ADL_RANK:
        raise BadInput("no ADL rank", field="adl_rank", value=said.adl_rank, source=source)
    cost, width = _cost_of_entry(terms, size, said.entry_price, source) if size else (0, 0)
    wallet, unit = None, 0
    if said.isolated_wallet is not None:
        wallet, unit = asset_steps(said.isolated_wallet, "isolated_wallet", source), printed_unit(said.isolated_wallet)
    return StatedPosition(terms, said, size, cost, width, wallet, unit)


def _cost_of_entry(terms: ContractTerms, size: int, entry: Decimal, source: str) -> tuple[int, int]:
    """Cost of a size at its printed entry price, rounded half even, and how far one unit of the last digit moves it.

    A price printed with fewer digits than the tick size is taken to have lost trailing zeros.
    """
    exponent = entry.as_tuple().exponent
    if not entry or entry.adjusted() > LARGEST_DIGITS or not isinstance(exponent, int) or exponent < _FINEST_PRICE_EXPONENT:
        raise BadInput("no entry price of an open position", field="entry_price", value=str(entry), source=source)
    unit = min(Fraction(10) ** exponent, Fraction(terms.instrument.price_step))
    cost = terms.value_exact(size, entry)
    moved = terms.value_exact(size, entry + Decimal(unit.numerator) / Decimal(unit.denominator))
    return round(cost), min(-int(-abs(moved - cost) // 1), MOST_DOUBT)
