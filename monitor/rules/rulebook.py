"""What a venue's rules offer to the book: pools of an account, the compiled tape, and the exact figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.ids import DriverKey
from monitor.domain.report import Part, PoolReport
from monitor.domain.tables import TableKey, TableVersion
from monitor.rules.tape import Piece, ScheduleKey, Tape, Trigger

Prices = Callable[[DriverKey], Decimal | None]
"""The price of a driver as printed, None when it was never seen."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Figures cannot be had: each entry names what was never seen (a table, a price, a wallet). Never a default."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFigures:
    """One pool valued exactly, in its margin currency: C, M, I and A of contract 1, and the parts they are made of.

    `initial_margin` is None with a reason when a leverage is not known: C, M and A stand without it, no level uses it.
    """

    collateral_value: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal | None
    stress_notional: Decimal
    trigger: Trigger
    margin_currency: str
    unit: DriverKey | None
    parts: tuple[Part, ...] = ()
    initial_margin_reason: str | None = None


class Tables(Protocol):
    """The versions in force."""

    def find(self, key: TableKey) -> TableVersion | None:
        """The version in force, None without one."""


class Rulebook(Protocol):
    """The rules of one venue. Pure: the same holdings, tables and prices give the same figures."""

    venue: str

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools that an account's holdings form, in order of their ids; also empty ones whose wallet exists.

        `tables` tells what each instrument settles in. A wallet that the holdings do not list is 0, as a complete account
        state says; what is not known at all is named in the pools' `unknown`.
        """

    def compile(self, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
        """The pool's tape, or what is missing: a table, or what the holdings themselves do not know."""

    def schedules(self, key: TableKey, version: TableVersion) -> Mapping[ScheduleKey, tuple[Piece, ...]]:
        """The schedules that a table version defines, empty for tables that define none."""

    def figures(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolFigures | Missing:
        """The pool valued exactly. Equal to the tape's evaluation in rationals, without the venue's printing."""

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The pool's whole report: figures with parts, positions with liquidation prices. Level fields are the caller's."""
