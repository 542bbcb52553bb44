"""Events in: what happened to an account, as a venue or a Kafka producer tells it (contract 5).

Signs: size > 0 bought; fee and interest > 0 paid; funding and transfers > 0 received. Times are integer ns, UTC.
Every event carries who said it (`source`, `source_epoch`, `account_seq`: gapless per account, source and epoch, from 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.checks import require_account, require_finite, require_not_negative, require_positive, require_subject
from monitor.domain.holdings import Order
from monitor.domain.ids import DriverKey

OWN_SOURCE = "marginwatch"
"""The source of events that we make ourselves (a gap where a record could not be read): no sign of life of any feed."""


class FillCause(Enum):
    """Why a fill happened."""

    ORDER = "order"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    TAKEOVER = "takeover"
    SETTLEMENT = "settlement"
    AUTO_REPAY = "auto_repay"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """What every account event has. `event_id` is unique per (account, kind); a fill has its trade's identity instead."""

    account: str
    event_id: str = ""
    ts_event_ns: int
    ts_recv_ns: int
    source: str
    source_epoch: int
    account_seq: int

    def __post_init__(self) -> None:
        require_account(self.account)
        if self.account_seq < 1:
            raise ValueError(f"account_seq must be at least 1, got {self.account_seq}")
        if not self.source:
            raise ValueError("source must not be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeclared(AccountEvent):
    """An account exists, and how it is set. `profile` None: the configured default; `opens_empty`: no state will follow."""

    mode: AccountMode
    position_mode: PositionMode
    entity: str | None = None
    owner: str | None = None
    profile: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    instruments: tuple[InstrumentSetting, ...] = ()
    opens_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(AccountEvent):
    """Settings that changed; None = as before."""

    mode: AccountMode | None = None
    position_mode: PositionMode | None = None
    profile: str | None = None
    instruments: tuple[InstrumentSetting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """A position as the venue states it: absolute. `isolated_wallet` excludes unrealised PnL; None in cross mode."""

    instrument: str
    position_side: PositionSide
    size: Decimal
    entry_price: Decimal
    margin_mode: MarginMode = MarginMode.CROSS
    isolated_wallet: Decimal | None = None
    leverage: Decimal | None = None
    adl_rank: int | None = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_finite("size", self.size)
        require_not_negative("entry_price", self.entry_price)
        require_finite("isolated_wallet", self.isolated_wallet)
        require_positive("leverage", self.leverage)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletState:
    """The whole wallet balance of an asset as the venue states it, isolated wallets included."""

    asset: str
    balance: Decimal

    def __post_init__(self) -> None:
        require_finite("balance", self.balance)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState(AccountEvent):
    """Absolute values at one venue time (`ts_event_ns`). `complete`: what is not listed is zero; else: it is as before.

    Each told whole, or None: as before: `orders`, `frozen` (by asset, held back by spot orders), `borrowed` (by asset, what was
    lent and is owed, already taken out of the wallet's balance), `not_collateral` (assets switched off as collateral) and
    `venue_given` (figures that only the venue can tell, under the names that its rules give).
    """

    complete: bool
    positions: tuple[PositionState, ...] = ()
    wallets: tuple[WalletState, ...] = ()
    orders: tuple[Order, ...] | None = None
    frozen: dict[str, Decimal] | None = None
    not_collateral: tuple[str, ...] | None = None
    borrowed: dict[str, Decimal] | None = None
    venue_given: dict[str, Decimal] | None = None

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        for name in ("frozen", "borrowed"):
            for asset, amount in (getattr(self, name) or {}).items():
                require_not_negative(f"{name}.{asset}", amount)
        for name, figure in (self.venue_given or {}).items():
            require_finite(f"venue_given.{name}", figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(AccountEvent):
    """A trade of the account. Identity: venue, account, instrument, trade id, order id, side.

    `realised_pnl` is the figure that the venue printed, None where it prints none; `margin_mode` None means as the
    account's setting for the instrument says.
    """

    instrument: str
    trade_id: str
    order_id: str
    position_side: PositionSide = PositionSide.BOTH
    size: Decimal
    fill_price: Decimal
    fee: Decimal = Decimal(0)
    fee_asset: str | None = None
    realised_pnl: Decimal | None = None
    margin_mode: MarginMode | None = None
    cause: FillCause = FillCause.ORDER

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        require_subject("instrument", self.instrument)
        require_finite("size", self.size)
        if self.size == 0:
            raise ValueError("size must not be 0")
        require_positive("fill_price", self.fill_price)
        require_finite("fee", self.fee)
        require_finite("realised_pnl", self.realised_pnl)
        if self.fee != 0 and not self.fee_asset:
            raise ValueError("fee_asset must be given with a fee")
        if not self.trade_id:
            raise ValueError("trade_id must not be empty")

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """Account (which names the venue), instrument, trade id, order id and side: applied once."""
        return (self.account, self.instrument, self.trade_id, self.order_id, "buy" if self.size > 0 else "sell")


@dataclass(frozen=True, slots=True, kw_only=True)
class CashEvent(AccountEvent):
    """A change of one wallet; `pool` None is the cross pool of the asset."""

    asset: str
    amount: Decimal
    pool: str | None = None

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        require_finite("amount", self.amount)
        if not self.event_id:
            raise ValueError("event_id must not be empty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding(CashEvent):
    """Funding of a position: amount > 0 received."""

    instrument: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee(CashEvent):
    """A fee outside a fill: amount > 0 paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest(CashEvent):
    """Interest on a liability: amount > 0 paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(AccountEvent):
    """`amount` (> 0) of an asset moved between pools; None = the world outside the account (deposit, withdrawal)."""

    asset: str
    amount: Decimal
    from_pool: str | None = None
    to_pool: str | None = None

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        require_positive("amount", self.amount)
        if not self.event_id:
            raise ValueError("event_id must not be empty")
        if self.from_pool is None and self.to_pool is None:
            raise ValueError("from_pool and to_pool must not both be null")


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFigures(AccountEvent):
    """Figures that the venue itself computed, kept beside ours.

    `figures` by the venue's own names; `margin_ratio` the same in our direction (1.0 = liquidation), None where the answer
    does not hold it; `mark_prices` the prices in the same answer, by instrument: at these our figures are compared.
    """

    pool: str
    figures: dict[str, Decimal]
    margin_ratio: Decimal | None = None
    collateral_value: Decimal | None = None
    maintenance_margin: Decimal | None = None
    mark_prices: dict[str, Decimal] = field(default_factory=dict)
    liquidation_prices: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountGap(AccountEvent):
    """The source knows that it may have missed something of this account: RECONCILING until a complete state."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRemoved(AccountEvent):
    """The account is no longer watched: its alerts end with this cause."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A source lives though its accounts are quiet: `count` events were sent to this partition in this epoch."""

    source: str
    source_epoch: int
    partition: int
    count: int
    ts_event_ns: int
    ts_recv_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueStatus:
    """What can be done at a venue now (`trading`, `reduce_only`, `halted`, ...): shown, no input of any level."""

    venue: str
    status: str
    ts_event_ns: int
    ts_recv_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverDeclared:
    """A driver is mentioned for the first time and takes this index (dense, from 0) in price batches."""

    index: int
    key: DriverKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset:
    """The venue's clock less ours, as measured: subtracted from venue times when ages are computed."""

    venue: str
    offset_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationStarted:
    """The kernels are compiled: from here on pools are valued. Before it every level is null."""


AccountEventType = (
    AccountDeclared
    | AccountState
    | SettingsChanged
    | Fill
    | Funding
    | Fee
    | Interest
    | Transfer
    | VenueFigures
    | AccountGap
    | AccountRemoved
)

ACCOUNT_EVENT_KINDS: dict[str, type[AccountEventType]] = {
    "account_declared": AccountDeclared,
    "account_state": AccountState,
    "settings_changed": SettingsChanged,
    "fill": Fill,
    "funding": Funding,
    "fee": Fee,
    "interest": Interest,
    "transfer": Transfer,
    "venue_figures": VenueFigures,
    "gap": AccountGap,
    "account_removed": AccountRemoved,
}
"""The kinds of account events by their name on Kafka, in recordings and in metrics."""
