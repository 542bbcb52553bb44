"""Risk parameters of venues as dated data: instruments, risk tiers, index buffers, collateral and borrow tiers, weights.

Tables are inputs like any other: from the venue at start, from the Kafka topic, or from files named in the configuration.
The package ships no venue table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from monitor.domain.checks import require_not_negative, require_positive
from monitor.domain.instrument import Instrument
from monitor.domain.market_margin import LiquidationTerms, MarketMargin, SizeMargin
from monitor.domain.position_tiers import PositionTiers
from monitor.domain.scenario_tables import RiskArray, RiskClass, ScenarioGrid

_EXACT_DIGITS = 200


class TableKind(Enum):
    """What a table says. The value is the middle part of the key `venue/kind/symbol`."""

    INSTRUMENT = "instrument"
    LEVERAGE_BRACKETS = "leverage_brackets"
    ASSET_INDEX = "asset_index"
    CLASS_WEIGHTS = "class_weights"
    COLLATERAL_TIERS = "collateral_tiers"
    BORROW_TIERS = "borrow_tiers"
    POSITION_TIERS = "position_tiers"
    MARKET_MARGIN = "market_margin"
    SIZE_MARGIN = "size_margin"
    LIQUIDATION_TERMS = "liquidation_terms"
    SCENARIO_GRID = "scenario_grid"
    RISK_CLASS = "risk_class"
    RISK_ARRAY = "risk_array"


class TableKey(NamedTuple):
    """One table: `venue/kind/symbol`. Class weights are our own policy: venue `marginwatch`, symbol `all`."""

    venue: str
    kind: TableKind
    symbol: str

    def __str__(self) -> str:
        return f"{self.venue}/{self.kind.value}/{self.symbol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One risk tier by notional at mark, in the settle asset: `maintenance margin = notional * rate - deduction`.

    `cap` is None in the last bracket; `initial_leverage` the most that the venue allows in it, None where not told.
    """

    floor: Decimal
    cap: Decimal | None
    maintenance_margin_rate: Decimal
    deduction: Decimal
    initial_leverage: Decimal | None = None

    def __post_init__(self) -> None:
        require_not_negative("floor", self.floor)
        require_positive("cap", self.cap)
        require_not_negative("maintenance_margin_rate", self.maintenance_margin_rate)
        require_not_negative("deduction", self.deduction)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageBrackets:
    """The brackets of one symbol: contiguous, rising, continuous in the margin.

    A table that jumps is refused: every maintenance table of the venue checked so far is continuous, so a jump is a misread
    table.
    """

    brackets: tuple[Bracket, ...]

    def __post_init__(self) -> None:
        if not self.brackets:
            raise ValueError("brackets must not be empty")
        if self.brackets[0].floor != 0:
            raise ValueError(f"brackets must start at notional 0, got {self.brackets[0].floor}")
        for lower, upper in pairwise(self.brackets):
            if lower.cap != upper.floor:
                raise ValueError(f"brackets are not contiguous: cap {lower.cap} before floor {upper.floor}")
            if upper.maintenance_margin_rate < lower.maintenance_margin_rate:
                raise ValueError(f"maintenance_margin_rate falls at notional {upper.floor}")
            if upper.deduction != _continued_deduction(lower, upper):
                raise ValueError(f"maintenance margin jumps at notional {upper.floor}: deduction {upper.deduction}")

    def bracket_at(self, notional: Decimal) -> Bracket:
        """The bracket of a notional (>= 0); beyond the last cap the last bracket's rate goes on."""
        for bracket in self.brackets:
            if bracket.cap is None or notional < bracket.cap:
                return bracket
        return self.brackets[-1]


def _continued_deduction(lower: Bracket, upper: Bracket) -> Decimal:
    """The deduction with which the margin does not jump; exact also for rates that are quotients of 40 digits."""
    with localcontext(prec=_EXACT_DIGITS):
        step = upper.maintenance_margin_rate - lower.maintenance_margin_rate
        return lower.deduction + upper.floor * step


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetIndexBuffers:
    """How multi-assets mode converts an asset: bid = index * (1 - bid_buffer), ask = index * (1 + ask_buffer).

    Both None: the source gives bid and ask rates themselves (drivers `asset_bid` and `asset_ask`). The auto-exchange buffers
    are those at which the venue sells the asset for one that is owed, or buys it; None where not told. No level uses them.
    """

    bid_buffer: Decimal | None
    ask_buffer: Decimal | None
    auto_exchange_bid_buffer: Decimal | None = None
    auto_exchange_ask_buffer: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("bid_buffer", "ask_buffer", "auto_exchange_bid_buffer", "auto_exchange_ask_buffer"):
            require_not_negative(name, getattr(self, name))
        if (self.bid_buffer is None) != (self.ask_buffer is None):
            raise ValueError("bid_buffer and ask_buffer must be given both or not at all")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassWeights:
    """How far an underlying moves when BTC moves by 1, our own dated policy (contract 1); stablecoins 0."""

    default: Decimal
    weights: dict[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_positive("default", self.default)
        for asset, weight in self.weights.items():
            require_not_negative(f"weights.{asset}", weight)

    def of(self, asset: str) -> Decimal:
        """The weight of an underlying asset."""
        return self.weights.get(asset, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralTier:
    """One slice of a coin's positive equity, by quantity of the coin: `ratio` (0..1) of its value counts as collateral."""

    floor: Decimal
    cap: Decimal | None
    ratio: Decimal

    def __post_init__(self) -> None:
        require_not_negative("floor", self.floor)
        require_positive("cap", self.cap)
        require_not_negative("ratio", self.ratio)
        if self.ratio > 1:
            raise ValueError(f"ratio must be at most 1, got {self.ratio}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralTiers:
    """The collateral ratios of one coin, progressive: each slice of the quantity counts at its own ratio.

    Contiguous from 0, the ratio never rising; what lies beyond the last cap counts nothing. Negative equity is no matter of
    this table: it counts in full.
    """

    tiers: tuple[CollateralTier, ...]

    def __post_init__(self) -> None:
        _require_contiguous("tiers", [(tier.floor, tier.cap) for tier in self.tiers])
        for lower, upper in pairwise(self.tiers):
            if upper.ratio > lower.ratio:
                raise ValueError(f"ratio rises at quantity {upper.floor}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowTier:
    """One slice of a borrowed coin, by quantity: the margin rates of that slice."""

    floor: Decimal
    cap: Decimal | None
    maintenance_margin_rate: Decimal
    initial_margin_rate: Decimal

    def __post_init__(self) -> None:
        require_not_negative("floor", self.floor)
        require_positive("cap", self.cap)
        require_not_negative("maintenance_margin_rate", self.maintenance_margin_rate)
        require_not_negative("initial_margin_rate", self.initial_margin_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowTiers:
    """The margin that a borrowed coin needs, progressive: each slice of the quantity at its own rates.

    Contiguous from 0, the rates never falling; beyond the last cap the last rates go on.
    """

    tiers: tuple[BorrowTier, ...]

    def __post_init__(self) -> None:
        _require_contiguous("tiers", [(tier.floor, tier.cap) for tier in self.tiers])
        for lower, upper in pairwise(self.tiers):
            for name in ("maintenance_margin_rate", "initial_margin_rate"):
                if getattr(upper, name) < getattr(lower, name):
                    raise ValueError(f"{name} falls at quantity {upper.floor}")


def _require_contiguous(name: str, slices: list[tuple[Decimal, Decimal | None]]) -> None:
    """Slices from 0 without gap or overlap, each with room in it, none after one without a cap."""
    if not slices:
        raise ValueError(f"{name} must not be empty")
    if slices[0][0] != 0:
        raise ValueError(f"{name} must start at quantity 0, got {slices[0][0]}")
    for (_, cap), (floor, _) in pairwise(slices):
        if cap != floor:
            raise ValueError(f"{name} must be contiguous: cap {cap} before floor {floor}")
    for floor, cap in slices:
        if cap is not None and cap <= floor:
            raise ValueError(f"{name} must rise: cap {cap} at floor {floor}")


Table = (
    Instrument
    | LeverageBrackets
    | AssetIndexBuffers
    | ClassWeights
    | CollateralTiers
    | BorrowTiers
    | PositionTiers
    | MarketMargin
    | SizeMargin
    | LiquidationTerms
    | ScenarioGrid
    | RiskClass
    | RiskArray
)

TABLE_TYPES: dict[TableKind, type[Table]] = {
    TableKind.INSTRUMENT: Instrument,
    TableKind.LEVERAGE_BRACKETS: LeverageBrackets,
    TableKind.ASSET_INDEX: AssetIndexBuffers,
    TableKind.CLASS_WEIGHTS: ClassWeights,
    TableKind.COLLATERAL_TIERS: CollateralTiers,
    TableKind.BORROW_TIERS: BorrowTiers,
    TableKind.POSITION_TIERS: PositionTiers,
    TableKind.MARKET_MARGIN: MarketMargin,
    TableKind.SIZE_MARGIN: SizeMargin,
    TableKind.LIQUIDATION_TERMS: LiquidationTerms,
    TableKind.SCENARIO_GRID: ScenarioGrid,
    TableKind.RISK_CLASS: RiskClass,
    TableKind.RISK_ARRAY: RiskArray,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableVersion:
    """One dated version: in force from `effective_ns`; `source` names the document, file or endpoint it was read from."""

    version: str
    effective_ns: int
    table: Table
    source: str = ""
    retrieved_ns: int | None = None
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TableChanged:
    """The whole schedule of one table: the version in force first, then those to come; empty = withdrawn."""

    key: TableKey
    versions: tuple[TableVersion, ...]
    ts_recv_ns: int
