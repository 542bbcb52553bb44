"""Private structs to domain events.

The events leave here with `account_seq` 1; whoever hands them on numbers them, so that what is dropped leaves no hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connectors.venues.binance.account_frames import (
    AccountConfigUpdate,
    AccountUpdate,
    BalanceRow,
    OrderTradeUpdate,
    PositionRow,
)
from connectors.venues.binance.decoding import build
from connectors.venues.binance.numbers import nanoseconds, number, number_or_none
from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.events import (
    AccountEventType,
    AccountState,
    Fee,
    Fill,
    FillCause,
    Funding,
    PositionState,
    SettingsChanged,
    Transfer,
    WalletState,
)
from monitor.domain.ids import cross_pool, isolated_pool, subject_id

_CAUSES = (
    ("autoclose-", FillCause.LIQUIDATION),
    ("adl_autoclose", FillCause.ADL),
    ("settlement_autoclose-", FillCause.SETTLEMENT),
)
POSITION_SIDES = {"BOTH": PositionSide.BOTH, "LONG": PositionSide.LONG, "SHORT": PositionSide.SHORT}
_MARGIN_TYPES = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}

# Reasons of ACCOUNT_UPDATE in which money does not cross the wallet's border: the absolute values tell all there is.
# MARGIN_TRANSFER moves between the cross part and an isolated wallet of one whole balance; `iw` carries it.
QUIET_REASONS = frozenset({"ORDER", "MARGIN_TRANSFER", "MARGIN_TYPE_CHANGE", "WITHDRAW_REJECT"})
FUNDING_REASON = "FUNDING_FEE"
FEE_REASONS = frozenset({"INSURANCE_CLEAR"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose events these are and under which name and epoch they are sent; `mode` decides which pool money enters."""

    venue: str
    account: str
    source: str
    source_epoch: int
    mode: AccountMode

    def cross_pool_of(self, asset: str) -> str:
        """The cross pool that an asset backs: one of its own in single-asset mode."""
        return cross_pool(self.account, asset if self.mode is AccountMode.SINGLE_CURRENCY else None)


def fill_of(update: OrderTradeUpdate, ts_recv_ns: int, origin: Origin, source: str) -> Fill:
    """The fill of an execution of type TRADE or CALCULATED (a liquidation of ours)."""
    order = update.order
    if order.trade_id <= 0:
        raise BadInput("an execution without a trade id has no identity", field="o.t", value=order.trade_id, source=source)
    fee = number_or_none(order.fee, "o.n", source)
    return build(
        lambda: Fill(
            account=origin.account,
            ts_event_ns=nanoseconds(update.transaction_time_ms, "T", source),
            ts_recv_ns=ts_recv_ns,
            source=origin.source,
            source_epoch=origin.source_epoch,
            account_seq=1,
            instrument=subject_id(origin.venue, order.symbol),
            trade_id=str(order.trade_id),
            order_id=str(order.order_id),
            position_side=position_side(order.position_side, "o.ps", source),
            size=signed(number(order.last_quantity, "o.l", source), order.side, source),
            fill_price=number(order.last_price, "o.L", source),
            fee=Decimal(0) if fee is None else fee,
            fee_asset=order.fee_asset or None,
            realised_pnl=number_or_none(order.realised_pnl, "o.rp", source),
            cause=_cause(order.client_order_id, order.execution_type),
        ),
        source,
    )


def account_update_events(update: AccountUpdate, ts_recv_ns: int, origin: Origin, source: str) -> list[AccountEventType]:
    """The money that moved for another reason than a trade, then the absolute values that came with it."""
    ts_event_ns = nanoseconds(update.transaction_time_ms, "T", source)
    change = update.change
    events: list[AccountEventType] = []
    if change.reason not in QUIET_REASONS:
        pool_symbol = _isolated_position(change.positions)
        for index, row in enumerate(change.balances):
            amount = number_or_none(row.balance_change, f"a.B[{index}].bc", source)
            if amount:
                events.append(_cash(change.reason, row, amount, pool_symbol, ts_event_ns, ts_recv_ns, origin, source))
    state = build(
        lambda: AccountState(
            account=origin.account,
            event_id=f"{change.reason}:{update.transaction_time_ms}:{update.event_time_ms}",
            ts_event_ns=ts_event_ns,
            ts_recv_ns=ts_recv_ns,
            source=origin.source,
            source_epoch=origin.source_epoch,
            account_seq=1,
            complete=False,
            positions=tuple(_position(row, f"a.P[{i}]", origin, source) for i, row in enumerate(change.positions)),
            wallets=tuple(_wallet(row, f"a.B[{i}]", source) for i, row in enumerate(change.balances)),
        ),
        source,
    )
    events.append(state)
    return events


def settings_event(update: AccountConfigUpdate, ts_recv_ns: int, origin: Origin, source: str) -> SettingsChanged:
    """A new leverage of one symbol, or multi-assets mode on or off."""
    leverage = update.leverage_change
    instruments: tuple[InstrumentSetting, ...] = ()
    if leverage is not None:
        instrument = subject_id(origin.venue, leverage.symbol)
        rate = Decimal(leverage.leverage)
        instruments = (build(lambda: InstrumentSetting(instrument=instrument, leverage=rate), source),)
    mode = None if update.mode_change is None else account_mode(update.mode_change.multi_assets_mode)
    if leverage is None and mode is None:
        raise BadInput("expected ac or ai", field="ac", source=source)
    return SettingsChanged(
        account=origin.account,
        event_id=f"ACCOUNT_CONFIG_UPDATE:{update.transaction_time_ms}:{leverage.symbol if leverage else 'mode'}",
        ts_event_ns=nanoseconds(update.transaction_time_ms, "T", source),
        ts_recv_ns=ts_recv_ns,
        source=origin.source,
        source_epoch=origin.source_epoch,
        account_seq=1,
        mode=mode,
        instruments=instruments,
    )


def cash_event_id(reason: str, asset: str, amount: Decimal, time_ms: int) -> str:
    """One identity for the same money on the stream and in `/fapi/v1/income`.

    The stream prints no transaction id. Whether both print the same ms is not documented: within one run the reconcile
    also pairs them by asset, amount and nearness in time.
    """
    return f"{reason}:{asset}:{amount.normalize():f}:{time_ms}"


def account_mode(multi_assets: bool) -> AccountMode:
    """Multi-assets mode: one cross pool of all assets; else one per margin asset."""
    return AccountMode.MULTI_CURRENCY if multi_assets else AccountMode.SINGLE_CURRENCY


def position_side(text: str, field: str, source: str) -> PositionSide:
    """BOTH, LONG or SHORT; raises `BadInput` on anything else."""
    side = POSITION_SIDES.get(text)
    if side is None:
        raise BadInput("expected BOTH, LONG or SHORT", field=field, value=text, source=source)
    return side


def signed(quantity: Decimal, side: str, source: str) -> Decimal:
    """Quantity with the sign of its side: bought > 0."""
    if quantity <= 0:
        raise BadInput("a quantity must be above 0", field="quantity", value=quantity, source=source)
    if side not in {"BUY", "SELL"}:
        raise BadInput("expected BUY or SELL", field="side", value=side, source=source)
    return quantity if side == "BUY" else -quantity


def cash_event(
    reason: str,
    asset: str,
    amount: Decimal,
    *,
    pool: str | None,
    instrument: str | None,
    time_ns: int,
    ts_recv_ns: int,
    origin: Origin,
    source: str,
) -> AccountEventType:
    """Funding, a fee or a transfer by its reason; `amount` > 0 was received."""
    event_id = cash_event_id(reason, asset, amount, time_ns // 1_000_000)
    if reason == FUNDING_REASON:
        return build(
            lambda: Funding(
                account=origin.account,
                event_id=event_id,
                ts_event_ns=time_ns,
                ts_recv_ns=ts_recv_ns,
                source=origin.source,
                source_epoch=origin.source_epoch,
                account_seq=1,
                asset=asset,
                amount=amount,
                pool=pool,
                instrument=instrument,
            ),
            source,
        )
    if reason in FEE_REASONS:
        return build(
            lambda: Fee(
                account=origin.account,
                event_id=event_id,
                ts_event_ns=time_ns,
                ts_recv_ns=ts_recv_ns,
                source=origin.source,
                source_epoch=origin.source_epoch,
                account_seq=1,
                asset=asset,
                amount=-amount,
                pool=pool,
            ),
            source,
        )
    cross = origin.cross_pool_of(asset)
    return build(
        lambda: Transfer(
            account=origin.account,
            event_id=event_id,
            ts_event_ns=time_ns,
            ts_recv_ns=ts_recv_ns,
            source=origin.source,
            source_epoch=origin.source_epoch,
            account_seq=1,
            asset=asset,
            amount=abs(amount),
            from_pool=None if amount > 0 else cross,
            to_pool=cross if amount > 0 else None,
        ),
        source,
    )


def _cash(
    reason: str,
    row: BalanceRow,
    amount: Decimal,
    isolated: PositionRow | None,
    ts_event_ns: int,
    ts_recv_ns: int,
    origin: Origin,
    source: str,
) -> AccountEventType:
    pool = instrument = None
    if isolated is not None and reason == FUNDING_REASON:
        side = None if isolated.position_side == "BOTH" else isolated.position_side.lower()
        pool = isolated_pool(origin.account, isolated.symbol, side)
        instrument = subject_id(origin.venue, isolated.symbol)
    return cash_event(
        reason,
        row.asset,
        amount,
        pool=pool,
        instrument=instrument,
        time_ns=ts_event_ns,
        ts_recv_ns=ts_recv_ns,
        origin=origin,
        source=source,
    )


def _isolated_position(rows: list[PositionRow]) -> PositionRow | None:
    """The one isolated position that a funding push names (funding of a cross position names none); None if not one."""
    isolated = [row for row in rows if row.margin_type == "isolated"]
    return isolated[0] if len(isolated) == 1 else None


def _position(row: PositionRow, field: str, origin: Origin, source: str) -> PositionState:
    mode = _MARGIN_TYPES.get(row.margin_type)
    if mode is None:
        raise BadInput("expected cross or isolated", field=f"{field}.mt", value=row.margin_type, source=source)
    wallet = number_or_none(row.isolated_wallet, f"{field}.iw", source)
    return PositionState(
        instrument=subject_id(origin.venue, row.symbol),
        position_side=position_side(row.position_side, f"{field}.ps", source),
        size=number(row.size, f"{field}.pa", source),
        entry_price=number(row.entry_price, f"{field}.ep", source),
        margin_mode=mode,
        isolated_wallet=wallet if mode is MarginMode.ISOLATED else None,
    )


def _wallet(row: BalanceRow, field: str, source: str) -> WalletState:
    return WalletState(asset=row.asset, balance=number(row.wallet_balance, f"{field}.wb", source))


def _cause(client_order_id: str, execution_type: str) -> FillCause:
    for prefix, cause in _CAUSES:
        if client_order_id.startswith(prefix):
            return cause
    return FillCause.LIQUIDATION if execution_type == "CALCULATED" else FillCause.ORDER
