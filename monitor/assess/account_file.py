"""The account file: the form in which accounts, prices and tables are written for `assess`. `docs/account-file.md` tells it.

The JSON Schema in `docs/schemas/` is made from these types. Every figure is a decimal in a string; a JSON number would have
passed through a float somewhere. What is not told is unknown, never a default.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from monitor.domain.account import AccountMode, MarginMode, PositionMode
from monitor.domain.checks import require_account, require_finite, require_not_negative, require_positive, require_subject
from monitor.domain.ids import DriverKind
from monitor.domain.instrument import InstrumentKind, OptionType

SCHEMA_VERSION = 1

Figure = Annotated[Decimal, Meta(extra_json_schema={"pattern": r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"})]
"""A decimal in a string."""

Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its zone, RFC 3339 (2026-12-25T08:00:00Z)."""

Subject = Annotated[
    str, Meta(description="venue:SYMBOL as the venue spells it, such as binance_usdm:BTCUSDT", pattern=r"^[^:]+:\S+$")
]


_TOLD_ELSEWHERE = frozenset(
    {
        DriverKind.MARK,
        DriverKind.ASSET_INDEX,
        DriverKind.ASSET_BID,
        DriverKind.ASSET_ASK,
        DriverKind.CLOCK,
        DriverKind.RECIPROCAL_MARK,
    }
)
_MAY_BE_NEGATIVE = frozenset({DriverKind.FUNDING_INDEX})


class Side(Enum):
    """Which way a position or an order goes."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """1 for long, -1 for short."""
        return 1 if self is Side.LONG else -1


class _Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True, omit_defaults=True):
    """An object of the file: a field that is not known is refused."""


def _require_one(**given: Decimal | None) -> None:
    """Exactly one of the named fields must be there."""
    count = sum(value is not None for value in given.values())
    if count != 1:
        names = ", ".join(given)
        raise ValueError(f"{next(iter(given))} must be given, or another one of {names}: exactly one, got {count}")


class PositionEntry(_Entry, frozen=True):
    """An open position. Its entry is told by exactly one of `entry_price`, `cost` and `unrealised_pnl` (at the mark)."""

    instrument: Subject
    side: Side
    size: Annotated[Figure, Meta(description="above 0, in contracts (base units where contract_size is 1)")]
    entry_price: Annotated[Figure | None, Meta(description="quote per base")] = None
    cost: Annotated[Figure | None, Meta(description="signed: size times price paid, negative for a short")] = None
    unrealised_pnl: Annotated[Figure | None, Meta(description="as the venue published it at the mark price given")] = None
    mark_price: Annotated[Figure | None, Meta(description="may stand here or in mark_prices; the same in both")] = None
    leverage: Annotated[Figure | None, Meta(description="without it the initial margin is unknown")] = None
    taker_fee_rate: Annotated[Figure | None, Meta(description="the account's own, where a closing fee is margined")] = None
    funding_index: Annotated[Figure | None, Meta(description="up to which funding is settled; without it all is")] = None
    margin_mode: MarginMode = MarginMode.CROSS
    isolated_wallet: Annotated[Figure | None, Meta(description="isolated: margin without unrealised PnL")] = None
    isolated_margin: Annotated[Figure | None, Meta(description="isolated: margin with unrealised PnL, as published")] = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_positive("size", self.size)
        _require_one(entry_price=self.entry_price, cost=self.cost, unrealised_pnl=self.unrealised_pnl)
        require_positive("entry_price", self.entry_price)
        require_finite("cost", self.cost)
        require_finite("unrealised_pnl", self.unrealised_pnl)
        require_positive("mark_price", self.mark_price)
        require_positive("leverage", self.leverage)
        require_not_negative("taker_fee_rate", self.taker_fee_rate)
        require_finite("isolated_wallet", self.isolated_wallet)
        require_finite("isolated_margin", self.isolated_margin)
        if self.margin_mode is MarginMode.CROSS and (self.isolated_wallet, self.isolated_margin) != (None, None):
            raise ValueError("margin_mode must be isolated where isolated_wallet or isolated_margin is given, got cross")
        if self.isolated_wallet is not None and self.isolated_margin is not None:
            raise ValueError("isolated_margin must not be given beside isolated_wallet")


class OrderEntry(_Entry, frozen=True):
    """An open order: its margin enters the initial margin alone."""

    instrument: Subject
    side: Side
    size: Annotated[Figure, Meta(description="above 0: what is left of it")]
    limit_price: Figure | None = None
    reduce_only: bool = False
    leverage: Annotated[Figure | None, Meta(description="where no position of the instrument tells it")] = None
    taker_fee_rate: Annotated[Figure | None, Meta(description="where no position of the instrument tells it")] = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_positive("size", self.size)
        require_positive("limit_price", self.limit_price)
        require_positive("leverage", self.leverage)
        require_not_negative("taker_fee_rate", self.taker_fee_rate)


class WalletEntry(_Entry, frozen=True):
    """A wallet: exactly one of `balance` (whole, isolated wallets included) and `cross_balance` (without them)."""

    asset: str
    balance: Figure | None = None
    cross_balance: Figure | None = None
    borrowed: Annotated[Figure | None, Meta(description="spot loan of the asset, taken off the balance")] = None
    frozen: Annotated[Figure | None, Meta(description="held back by spot orders: may turn into a loan")] = None
    interest: Annotated[Figure | None, Meta(description="accrued and not paid, taken off the balance")] = None
    strategy_equity: Annotated[Figure | None, Meta(description="held by the venue's trading bots, added to the balance")] = None
    collateral: Annotated[bool, Meta(description="false: the account has switched it off as collateral")] = True

    def __post_init__(self) -> None:
        _require_one(balance=self.balance, cross_balance=self.cross_balance)
        require_not_negative("borrowed", self.borrowed)
        require_not_negative("frozen", self.frozen)
        require_not_negative("interest", self.interest)
        require_finite("strategy_equity", self.strategy_equity)
        require_finite("balance", self.balance)
        require_finite("cross_balance", self.cross_balance)


class ReportedPositionEntry(_Entry, frozen=True):
    """A position as the venue reported it: each figure that is told is compared with ours."""

    instrument: Subject
    side: Side
    size: Figure | None = None
    entry_price: Figure | None = None
    mark_price: Figure | None = None
    leverage: Figure | None = None
    taker_fee_rate: Figure | None = None
    maintenance_margin_rate: Figure | None = None
    notional: Figure | None = None
    unrealised_pnl: Figure | None = None
    maintenance_margin: Figure | None = None
    initial_margin: Figure | None = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_not_negative("size", self.size)


class ReportedAssetEntry(_Entry, frozen=True):
    """An asset as the venue reported it: each figure that is told is compared with ours."""

    asset: str
    balance: Annotated[Figure | None, Meta(description="whole wallet balance")] = None
    equity: Annotated[Figure | None, Meta(description="in the asset")] = None
    collateral_value: Annotated[Figure | None, Meta(description="in the margin currency, after its haircut")] = None


class VenueReportedEntry(_Entry, frozen=True):
    """What the venue itself reported of one pool, with the digits that it printed: compared with ours, to the last digit."""

    at: Annotated[Moment, Meta(description="the venue's time of the figures")]
    figures: Annotated[dict[str, Figure], Meta(description="by the venue's own names")] = {}
    positions: list[ReportedPositionEntry] = []
    assets: list[ReportedAssetEntry] = []
    pool: Annotated[str | None, Meta(description="the pool's id; may be left out where the account has one cross pool")] = None


class AccountEntry(_Entry, frozen=True):
    """One account. `profile` names the thresholds of its levels (desk, client, or one of `profiles`)."""

    account: Annotated[str, Meta(description="venue:name")]
    mode: AccountMode
    position_mode: PositionMode
    wallets: list[WalletEntry] = []
    positions: list[PositionEntry] = []
    orders: list[OrderEntry] = []
    venue_given: Annotated[
        dict[str, Figure], Meta(description="figures that only the venue can tell, under the names that docs/venues gives")
    ] = {}
    venue_reported: Annotated[
        VenueReportedEntry | list[VenueReportedEntry] | None,
        Meta(description="what the venue itself reported, one object a pool"),
    ] = None
    profile: str = "desk"
    entity: str | None = None
    owner: str | None = None

    def __post_init__(self) -> None:
        require_account(self.account)


class MarkPriceEntry(_Entry, frozen=True):
    """The mark price of an instrument, quote per base."""

    instrument: Subject
    mark_price: Figure

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_positive("mark_price", self.mark_price)


class PriceEntry(_Entry, frozen=True):
    """A price of another kind: the index of an instrument, an oracle, an option's mark or volatility, a funding index."""

    driver: DriverKind
    subject: Annotated[str, Meta(description="venue:SYMBOL or venue:ASSET")]
    price: Figure

    def __post_init__(self) -> None:
        require_subject("subject", self.subject)
        require_finite("price", self.price)
        if self.driver in _TOLD_ELSEWHERE:
            raise ValueError(f"driver must not be {self.driver.value}: it has a list of its own, or follows from others")
        if self.driver not in _MAY_BE_NEGATIVE:
            require_positive("price", self.price)


class AssetIndexEntry(_Entry, frozen=True):
    """How an asset converts to USD: index with buffers, or the bid and ask rates themselves; auto-exchange buffers beside."""

    asset: Annotated[str, Meta(description="venue:ASSET, such as binance_usdm:USDT")]
    index: Annotated[Figure | None, Meta(description="USD per unit")] = None
    bid_buffer: Figure | None = None
    ask_buffer: Figure | None = None
    bid_rate: Figure | None = None
    ask_rate: Figure | None = None
    auto_exchange_bid_buffer: Figure | None = None
    auto_exchange_ask_buffer: Figure | None = None

    def __post_init__(self) -> None:
        require_subject("asset", self.asset)
        for name in ("index", "bid_rate", "ask_rate"):
            require_positive(name, getattr(self, name))
        for name in ("bid_buffer", "ask_buffer", "auto_exchange_bid_buffer", "auto_exchange_ask_buffer"):
            require_not_negative(name, getattr(self, name))
        for one, other in (("bid_buffer", "ask_buffer"), ("bid_rate", "ask_rate")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} must be given together with {other}")
        if self.bid_buffer is not None and self.bid_rate is not None:
            raise ValueError("bid_rate must not be given beside bid_buffer")
        if self.index is None and (self.bid_buffer is not None or self.auto_exchange_bid_buffer is not None):
            raise ValueError("index must be given with buffers")


class InstrumentEntry(_Entry, frozen=True):
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


class BracketEntry(_Entry, frozen=True):
    """One bracket. `cap` defaults to the next floor, `deduction` is computed; where given, both are compared."""

    floor: Figure
    maintenance_margin_rate: Figure
    cap: Figure | None = None
    deduction: Figure | None = None
    initial_leverage: Figure | None = None


class BracketTableEntry(_Entry, frozen=True):
    """The brackets of one instrument: the whole table, or rate and deduction of the one bracket that is known to hold."""

    instrument: Subject
    brackets: list[BracketEntry] = []
    maintenance_margin_rate: Figure | None = None
    deduction: Annotated[Figure | None, Meta(description="only beside maintenance_margin_rate")] = None
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        if bool(self.brackets) == (self.maintenance_margin_rate is not None):
            raise ValueError("brackets must be given, or maintenance_margin_rate: exactly one of them")
        if self.deduction is not None and self.maintenance_margin_rate is None:
            raise ValueError("deduction must stand beside maintenance_margin_rate")


class CollateralTierEntry(_Entry, frozen=True):
    """One slice of a coin's quantity. `cap` defaults to the next floor."""

    floor: Figure
    ratio: Annotated[Figure, Meta(description="0 to 1: share of its value that counts as collateral")]
    cap: Figure | None = None


class CollateralTableEntry(_Entry, frozen=True):
    """The collateral ratios of an asset, each slice of its quantity at its own ratio."""

    asset: Annotated[str, Meta(description="venue:ASSET, such as bybit:BTC")]
    tiers: list[CollateralTierEntry]
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("asset", self.asset)


class BorrowTierEntry(_Entry, frozen=True):
    """One slice of a borrowed quantity. `cap` defaults to the next floor."""

    floor: Figure
    maintenance_margin_rate: Figure
    initial_margin_rate: Figure
    cap: Figure | None = None


class BorrowTableEntry(_Entry, frozen=True):
    """The margin rates of a borrowed asset, each slice of its quantity at its own rates."""

    asset: Annotated[str, Meta(description="venue:ASSET, such as bybit:USDT")]
    tiers: list[BorrowTierEntry]
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("asset", self.asset)


class PositionTierEntry(_Entry, frozen=True):
    """One tier by size. `cap` defaults to the next floor."""

    floor: Annotated[Figure, Meta(description="in contracts")]
    maintenance_margin_rate: Figure
    cap: Figure | None = None
    initial_leverage: Figure | None = None


class PositionTiersEntry(_Entry, frozen=True):
    """The tiers of an instrument by the size of a position: its tier's rate holds for the whole of it."""

    instrument: Subject
    tiers: list[PositionTierEntry]
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)


class MarketMarginEntry(_Entry, frozen=True):
    """The margin fractions of a market."""

    instrument: Subject
    initial_margin_fraction: Figure
    maintenance_fraction: Annotated[Figure, Meta(description="of the initial margin")]
    base_quantum: Annotated[Figure, Meta(description="how much of the underlying one unit of the venue is")]
    open_interest: Annotated[Figure | None, Meta(description="in USD, with both caps or not at all")] = None
    lower_cap: Figure | None = None
    upper_cap: Figure | None = None
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)


class LiquidationTermsEntry(_Entry, frozen=True):
    """How a venue prices liquidations."""

    venue: str
    bankruptcy_adjustment: Figure
    spread_to_maintenance_ratio: Figure
    max_liquidation_fee: Figure
    version: str = "account file"
    source: str = ""
    verified: bool = True


class ScenarioEntry(_Entry, frozen=True):
    """One scenario of a grid."""

    name: str
    move: Annotated[Figure, Meta(description="of the class's scan, such as 0.5 or -1")]
    share: Annotated[Figure, Meta(description="0 to 1: what of the result counts")] = Decimal(1)


class ScenarioGridEntry(_Entry, frozen=True):
    """The scenarios by which positions are margined, in the order of published arrays."""

    grid: Annotated[str, Meta(description="venue:GRID, such as generic_portfolio:span16")]
    scenarios: list[ScenarioEntry]
    initial_factor: Annotated[Figure, Meta(description="initial margin = so many times the risk")] = Decimal(1)
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("grid", self.grid)


class ConcentrationEntry(_Entry, frozen=True):
    """One slice of a class's gross notional in USD, from `floor` on."""

    floor: Figure
    rate: Figure


class RiskClassEntry(_Entry, frozen=True):
    """How the positions of one underlying are scanned, netted and charged."""

    underlying: Annotated[str, Meta(description="venue:BASE, such as generic_portfolio:BTC")]
    grid: Annotated[str, Meta(description="the name of a grid, without the venue")]
    scan_range: Annotated[Figure | None, Meta(description="a full move in money for one unit")] = None
    scan_rate: Annotated[Figure | None, Meta(description="a full move as part of the mark")] = None
    group: str = ""
    offset: Annotated[Figure, Meta(description="0 to 1: share of its gains that offsets others of the group")] = Decimal(0)
    liquidity_rate: Annotated[Figure, Meta(description="of the gross notional")] = Decimal(0)
    concentration: list[ConcentrationEntry] = []
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("underlying", self.underlying)


class RiskArrayEntry(_Entry, frozen=True):
    """What one long contract gains or loses in each scenario of a grid, as published."""

    instrument: Annotated[str, Meta(description="venue:SYMBOL")]
    grid: Annotated[str, Meta(description="the name of a grid, without the venue")]
    gains: list[Figure]
    version: str = "account file"
    source: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)


class TablesEntry(_Entry, frozen=True):
    """The tables that value the accounts. What is missing makes its holders unknown."""

    instruments: list[InstrumentEntry] = []
    leverage_brackets: list[BracketTableEntry] = []
    collateral_tiers: list[CollateralTableEntry] = []
    borrow_tiers: list[BorrowTableEntry] = []
    position_tiers: list[PositionTiersEntry] = []
    market_margins: list[MarketMarginEntry] = []
    liquidation_terms: list[LiquidationTermsEntry] = []
    scenario_grids: list[ScenarioGridEntry] = []
    risk_classes: list[RiskClassEntry] = []
    risk_arrays: list[RiskArrayEntry] = []


class BandEntry(_Entry, frozen=True):
    """Where a switch goes on and off."""

    enter: Figure
    leave: Figure


class SwitchEntry(_Entry, frozen=True):
    """The boundaries of a switch; a kind that is not given is off."""

    ratio: BandEntry | None = None
    buffer: BandEntry | None = None


class SwitchSetEntry(_Entry, frozen=True):
    """The four switches."""

    notice: SwitchEntry = SwitchEntry()
    warning: SwitchEntry = SwitchEntry()
    critical: SwitchEntry = SwitchEntry()
    liquidation: SwitchEntry = SwitchEntry()


class ProfileEntry(_Entry, frozen=True):
    """A threshold profile; `isolated` defaults to `cross`."""

    name: str
    cross: SwitchSetEntry
    isolated: SwitchSetEntry | None = None


class AccountFile(_Entry, frozen=True):
    """The whole file."""

    schema_version: Literal[1]
    as_of: Annotated[Moment | None, Meta(description="the time at which the accounts are valued, UTC")] = None
    accounts: list[AccountEntry] = []
    mark_prices: list[MarkPriceEntry] = []
    prices: list[PriceEntry] = []
    asset_indices: list[AssetIndexEntry] = []
    tables: TablesEntry = TablesEntry()
    profiles: list[ProfileEntry] = []


def account_file_schema() -> dict[str, object]:
    """The JSON Schema of the account file."""
    schema: dict[str, object] = msgspec.json.schema(AccountFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "marginwatch account file", **schema}
