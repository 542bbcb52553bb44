"""What `assess` answers: the accounts' reports, and the tables and asset conversions that they were valued with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.report import AccountReport
from monitor.domain.tables import Bracket


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketTableReport:
    """A bracket table as it was used; deductions recomputed from floors and rates."""

    instrument: str
    version: str
    source: str
    verified: bool
    brackets: tuple[Bracket, ...]
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetIndexReport:
    """The rates of an asset in USD a unit; None where the file does not tell what they are made of."""

    asset: str
    index: Decimal | None
    bid_rate: Decimal | None
    ask_rate: Decimal | None
    auto_exchange_bid_rate: Decimal | None
    auto_exchange_ask_rate: Decimal | None
    formula: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessResult:
    """The whole answer. `unknown` names every margin figure that could not be had, with its reason."""

    accounts: tuple[AccountReport, ...]
    tables: tuple[BracketTableReport, ...]
    asset_indices: tuple[AssetIndexReport, ...]
    unknown: tuple[str, ...]
