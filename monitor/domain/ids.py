"""Identity: how accounts, instruments, pools and drivers are named (the same inside, in Kafka, in metrics and in alerts).

An account is `venue:name`, an instrument `venue:SYMBOL` with the symbol as the venue spells it, a pool
`<account>/cross`, `<account>/cross/<ASSET>` or `<account>/isolated/<SYMBOL>[/long|/short]`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class DriverKind(Enum):
    """What kind of scalar a driver is. A tick changes one driver."""

    MARK = "mark"
    INDEX = "index"
    ASSET_INDEX = "asset_index"
    ASSET_BID = "asset_bid"
    ASSET_ASK = "asset_ask"
    ORACLE = "oracle"
    OPTION_MARK = "option_mark"
    OPTION_IV = "option_iv"
    FUNDING_INDEX = "funding_index"
    DEBT_INDEX = "debt_index"
    CLOCK = "clock"
    RECIPROCAL_MARK = "reciprocal_mark"


class DriverKey(NamedTuple):
    """One driver: its kind and the instrument (`venue:SYMBOL`) or asset (`venue:ASSET`) it prices."""

    kind: DriverKind
    subject: str

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.subject}"


CLOCK = DriverKey(DriverKind.CLOCK, "marginwatch:now")
"""The time at which a pool is valued, in seconds since the epoch: what decays with time reads it."""


class SourcePosition(NamedTuple):
    """Where an input was read: a Kafka topic, partition and offset, or a stream's name, connection and count."""

    topic: str
    partition: int
    offset: int


def venue_of(identifier: str) -> str:
    """The venue part of an account, instrument, asset or pool id."""
    return identifier.partition(":")[0]


def symbol_of(subject: str) -> str:
    """The part behind the venue of an instrument or asset id."""
    return subject.partition(":")[2]


def subject_id(venue: str, symbol: str) -> str:
    """`venue:SYMBOL` with `/` and `%` percent-encoded, for an instrument or an asset."""
    return f"{venue}:{symbol.replace('%', '%25').replace('/', '%2F')}"


def cross_pool(account: str, asset: str | None = None) -> str:
    """The cross pool of an account: one for all assets, or one of a margin asset (Binance single-asset mode)."""
    return f"{account}/cross" if asset is None else f"{account}/cross/{asset}"


def isolated_pool(account: str, symbol: str, side: str | None = None) -> str:
    """The pool of an isolated position; `side` is `long` or `short` in hedge mode, None in one-way mode."""
    return f"{account}/isolated/{symbol}" if side is None else f"{account}/isolated/{symbol}/{side}"


def account_of(pool: str) -> str:
    """The account that a pool belongs to."""
    return pool.partition("/")[0]
