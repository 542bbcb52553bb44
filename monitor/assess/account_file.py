"""The account file: the form in which accounts, prices and tables are written for `assess`. `docs/account-file.md` tells it.

The JSON Schema in `docs/schemas/` is made from these types. Every figure is a decimal in a string; a JSON number would have
passed through a float somewhere. What is not told is unknown, never a default.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from monitor.assess.entry import Entry, Figure, Moment, Subject
from monitor.assess.table_entries import TablesEntry
from monitor.domain.account import AccountMode, MarginMode, PositionMode
from monitor.domain.checks import require_account, require_finite, require_not_negative, require_positive, require_subject
from monitor.domain.ids import DriverKind

SCHEMA_VERSION = 1

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


def _require_one(**given: Decimal | None) -> None:
    """Exactly one of the named fields must be there."""
    count = sum(value is not None for value in given.values())
    if count != 1:
        names = ", ".join(given)
        raise ValueError(f"{next(iter(given))} must be given, or another one of {names}: exactly one, got {count}")


class PositionEntry(Entry, frozen=True):
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


class OrderEntry(Entry, frozen=True):
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


class WalletEntry(Entry, frozen=True):
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


class ReportedPositionEntry(Entry, frozen=True):
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


class ReportedAssetEntry(Entry, frozen=True):
    """An asset as the venue reported it: each figure that is told is compared with ours."""

    asset: str
    balance: Annotated[Figure | None, Meta(description="whole wallet balance")] = None
    equity: Annotated[Figure | None, Meta(description="in the asset")] = None
    collateral_value: Annotated[Figure | None, Meta(description="in the margin currency, after its haircut")] = None


class VenueReportedEntry(Entry, frozen=True):
    """What the venue itself reported of one pool, with the digits that it printed: compared with ours, to the last digit."""

    at: Annotated[Moment, Meta(description="the venue's time of the figures")]
    figures: Annotated[dict[str, Figure], Meta(description="by the venue's own names")] = {}
    positions: list[ReportedPositionEntry] = []
    assets: list[ReportedAssetEntry] = []
    pool: Annotated[str | None, Meta(description="the pool's id; may be left out where the account has one cross pool")] = None


class AccountEntry(Entry, frozen=True):
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


class MarkPriceEntry(Entry, frozen=True):
    """The mark price of an instrument, quote per base."""

    instrument: Subject
    mark_price: Figure

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_positive("mark_price", self.mark_price)


class PriceEntry(Entry, frozen=True):
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


class AssetIndexEntry(Entry, frozen=True):
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


class BandEntry(Entry, frozen=True):
    """Where a switch goes on and off."""

    enter: Figure
    leave: Figure


class SwitchEntry(Entry, frozen=True):
    """The boundaries of a switch; a kind that is not given is off."""

    ratio: BandEntry | None = None
    buffer: BandEntry | None = None


class SwitchSetEntry(Entry, frozen=True):
    """The four switches."""

    notice: SwitchEntry = SwitchEntry()
    warning: SwitchEntry = SwitchEntry()
    critical: SwitchEntry = SwitchEntry()
    liquidation: SwitchEntry = SwitchEntry()


class ProfileEntry(Entry, frozen=True):
    """A threshold profile; `isolated` defaults to `cross`."""

    name: str
    cross: SwitchSetEntry
    isolated: SwitchSetEntry | None = None


class AccountFile(Entry, frozen=True):
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
