"""The tables of an account file: what values its accounts, one type a kind. `docs/account-file.md` tells them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from monitor.assess.entry import Entry, Figure, Moment, Subject
from monitor.domain.checks import require_positive, require_subject
from monitor.domain.instrument import InstrumentKind, OptionType


class TableEntry(Entry, frozen=True, kw_only=True):
    """A table: which version it is, what it was read from, and whether that confirms it."""

    version: str = "account file"
    source: str = ""
    verified: bool = True


class InstrumentEntry(Entry, frozen=True):
    """The terms of an instrument. `expiry` of what expires, `strike` and `option_type` of options alone."""

    instrument: Subject
    kind: InstrumentKind
    base: str
    quote: str
    settle_asset: str
    contract_size: Annotated[Figure, Meta(description="base units a contract; quote units of inverse kinds")] = Decimal(1)
    expiry: Annotated[Moment | None, Meta(description="when it expires, UTC")] = None
    strike: Annotated[Figure | None, Meta(description="quote per base")] = None
    option_type: OptionType | None = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_positive("contract_size", self.contract_size)
        require_positive("strike", self.strike)
        is_option = self.kind is InstrumentKind.OPTION
        for name, value in (("strike", self.strike), ("option_type", self.option_type)):
            if (value is not None) != is_option:
                raise ValueError(f"{name} must be given for an option and for nothing else, kind is {self.kind.value}")


class BracketEntry(Entry, frozen=True):
    """One bracket. `cap` defaults to the next floor, `deduction` is computed; where given, both are compared."""

    floor: Figure
    maintenance_margin_rate: Figure
    cap: Figure | None = None
    deduction: Figure | None = None
    initial_leverage: Figure | None = None


class BracketTableEntry(TableEntry, frozen=True, kw_only=True):
    """The brackets of one instrument: the whole table, or rate and deduction of the one bracket that is known to hold."""

    instrument: Subject
    brackets: list[BracketEntry] = []
    maintenance_margin_rate: Figure | None = None
    deduction: Annotated[Figure | None, Meta(description="only beside maintenance_margin_rate")] = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        if bool(self.brackets) == (self.maintenance_margin_rate is not None):
            raise ValueError("brackets must be given, or maintenance_margin_rate: exactly one of them")
        if self.deduction is not None and self.maintenance_margin_rate is None:
            raise ValueError("deduction must stand beside maintenance_margin_rate")


class CollateralTierEntry(Entry, frozen=True):
    """One slice of a coin's quantity. `cap` defaults to the next floor."""

    floor: Figure
    ratio: Annotated[Figure, Meta(description="0 to 1: share of its value that counts as collateral")]
    cap: Figure | None = None


class CollateralTableEntry(TableEntry, frozen=True, kw_only=True):
    """The collateral ratios of an asset, each slice of its quantity at its own ratio."""

    asset: Annotated[str, Meta(description="venue:ASSET, such as bybit:BTC")]
    tiers: list[CollateralTierEntry]

    def __post_init__(self) -> None:
        require_subject("asset", self.asset)


class BorrowTierEntry(Entry, frozen=True):
    """One slice of a borrowed quantity. `cap` defaults to the next floor."""

    floor: Figure
    maintenance_margin_rate: Figure
    initial_margin_rate: Figure
    cap: Figure | None = None


class BorrowTableEntry(TableEntry, frozen=True, kw_only=True):
    """The margin rates of a borrowed asset, each slice of its quantity at its own rates."""

    asset: Annotated[str, Meta(description="venue:ASSET, such as bybit:USDT")]
    tiers: list[BorrowTierEntry]

    def __post_init__(self) -> None:
        require_subject("asset", self.asset)


class PositionTierEntry(Entry, frozen=True):
    """One tier by size. `cap` defaults to the next floor."""

    floor: Annotated[Figure, Meta(description="in contracts")]
    maintenance_margin_rate: Figure
    cap: Figure | None = None
    initial_leverage: Figure | None = None


class PositionTiersEntry(TableEntry, frozen=True, kw_only=True):
    """The tiers of an instrument by the size of a position: its tier's rate holds for the whole of it."""

    instrument: Subject
    tiers: list[PositionTierEntry]

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)


class MarketMarginEntry(TableEntry, frozen=True, kw_only=True):
    """The margin fractions of a market."""

    instrument: Subject
    initial_margin_fraction: Figure
    maintenance_fraction: Annotated[Figure, Meta(description="of the initial margin")]
    base_quantum: Annotated[Figure, Meta(description="how much of the underlying one unit of the venue is")]
    open_interest: Annotated[Figure | None, Meta(description="in USD, with both caps or not at all")] = None
    lower_cap: Figure | None = None
    upper_cap: Figure | None = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)


class SizeMarginEntry(TableEntry, frozen=True, kw_only=True):
    """Margin rates of one instrument that rise with the size of the position, `base + size in coin * increase_per_coin`."""

    instrument: Subject
    initial_base: Annotated[Figure, Meta(description="share of the notional, 0.02 = 2 %")]
    maintenance_base: Annotated[Figure, Meta(description="share of the notional")]
    increase_per_coin: Annotated[Figure, Meta(description="what one coin of size adds to both rates")]

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)


class LiquidationTermsEntry(TableEntry, frozen=True, kw_only=True):
    """How a venue prices liquidations."""

    venue: str
    bankruptcy_adjustment: Figure
    spread_to_maintenance_ratio: Figure
    max_liquidation_fee: Figure


class ScenarioEntry(Entry, frozen=True):
    """One scenario of a grid."""

    name: str
    move: Annotated[Figure, Meta(description="of the class's scan, such as 0.5 or -1")]
    share: Annotated[Figure, Meta(description="0 to 1: what of the result counts")] = Decimal(1)


class ScenarioGridEntry(TableEntry, frozen=True, kw_only=True):
    """The scenarios by which positions are margined, in the order of published arrays."""

    grid: Annotated[str, Meta(description="venue:GRID, such as generic_portfolio:span16")]
    scenarios: list[ScenarioEntry]
    initial_factor: Annotated[Figure, Meta(description="initial margin = so many times the risk")] = Decimal(1)

    def __post_init__(self) -> None:
        require_subject("grid", self.grid)


class ConcentrationEntry(Entry, frozen=True):
    """One slice of a class's gross notional in USD, from `floor` on."""

    floor: Figure
    rate: Figure


class RiskClassEntry(TableEntry, frozen=True, kw_only=True):
    """How the positions of one underlying are scanned, netted and charged."""

    underlying: Annotated[str, Meta(description="venue:BASE, such as generic_portfolio:BTC")]
    grid: Annotated[str, Meta(description="the name of a grid, without the venue")]
    scan_range: Annotated[Figure | None, Meta(description="a full move in money for one unit")] = None
    scan_rate: Annotated[Figure | None, Meta(description="a full move as part of the mark")] = None
    group: str = ""
    offset: Annotated[Figure, Meta(description="0 to 1: share of its gains that offsets others of the group")] = Decimal(0)
    liquidity_rate: Annotated[Figure, Meta(description="of the gross notional")] = Decimal(0)
    concentration: list[ConcentrationEntry] = []

    def __post_init__(self) -> None:
        require_subject("underlying", self.underlying)


class RiskArrayEntry(TableEntry, frozen=True, kw_only=True):
    """What one long contract gains or loses in each scenario of a grid, as published."""

    instrument: Annotated[str, Meta(description="venue:SYMBOL")]
    grid: Annotated[str, Meta(description="the name of a grid, without the venue")]
    gains: list[Figure]

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)


class TablesEntry(Entry, frozen=True):
    """The tables that value the accounts. What is missing makes its holders unknown."""

    instruments: list[InstrumentEntry] = []
    leverage_brackets: list[BracketTableEntry] = []
    collateral_tiers: list[CollateralTableEntry] = []
    borrow_tiers: list[BorrowTableEntry] = []
    position_tiers: list[PositionTiersEntry] = []
    market_margins: list[MarketMarginEntry] = []
    size_margin: list[SizeMarginEntry] = []
    liquidation_terms: list[LiquidationTermsEntry] = []
    scenario_grids: list[ScenarioGridEntry] = []
    risk_classes: list[RiskClassEntry] = []
    risk_arrays: list[RiskArrayEntry] = []
