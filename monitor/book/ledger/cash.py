"""Cash events as movements of wallets: whole wallets by asset, isolated wallets by instrument and side."""

from __future__ import annotations

from typing import NamedTuple

from monitor.domain.account import PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import CashEvent, Funding, Transfer
from monitor.domain.ids import account_of, venue_of

_SIDE_OF_SUFFIX = {"": PositionSide.BOTH, "/long": PositionSide.LONG, "/short": PositionSide.SHORT}


class IsolatedPool(NamedTuple):
    """The position that has a wallet of its own."""

    instrument: str
    side: PositionSide


def isolated_pool_of(pool: str | None, account: str, source: str) -> IsolatedPool | None:
    """The isolated position that a pool id names, None for a cross pool and for no pool at all.

    Raises `BadInput` for a pool of another account and for what is no pool id.
    """
    if pool is None:
        return None
    owner, _, rest = pool.partition("/")
    kind, _, name = rest.partition("/")
    if owner == account and kind == "cross":
        return None
    symbol, slash, side = name.partition("/")
    suffix = slash + side
    if owner != account or kind != "isolated" or not symbol or suffix not in _SIDE_OF_SUFFIX:
        raise BadInput("not a pool of the account", field="pool", value=pool, source=source)
    return IsolatedPool(f"{venue_of(account)}:{symbol}", _SIDE_OF_SUFFIX[suffix])


def signed_amount(event: CashEvent, steps: int) -> int:
    """What the event adds to its wallet: funding received is above 0, fees and interest paid are above 0."""
    return steps if isinstance(event, Funding) else -steps


class TransferLegs(NamedTuple):
    """What a transfer of `1` does: to the whole wallet (-1, 0, 1), and which isolated wallets it leaves and enters."""

    whole: int
    leaves: IsolatedPool | None
    enters: IsolatedPool | None


def transfer_legs(event: Transfer) -> TransferLegs:
    """A transfer seen from the event's account: another account's pool is the world outside, as null is.

    Raises `BadInput` when neither end lies in the account.
    """
    account = event.account
    from_pool = event.from_pool if event.from_pool and account_of(event.from_pool) == account else None
    to_pool = event.to_pool if event.to_pool and account_of(event.to_pool) == account else None
    if from_pool is None and to_pool is None:
        raise BadInput("neither pool is of the account", field="to_pool", value=event.to_pool, source=event.source)
    return TransferLegs(
        (to_pool is not None) - (from_pool is not None),
        isolated_pool_of(from_pool, account, event.source),
        isolated_pool_of(to_pool, account, event.source),
    )
