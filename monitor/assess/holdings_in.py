"""Accounts of a file, in the domain's form: entries as cost, isolated wallets without unrealised PnL, whole wallets."""

from __future__ import annotations

from decimal import Decimal

from monitor.assess.account_file import AccountEntry, PositionEntry
from monitor.assess.figures_in import Inputs
from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.errors import BadInput
from monitor.domain.holdings import AccountHoldings, Order, Position
from monitor.domain.ids import DriverKey, DriverKind, symbol_of, venue_of
from monitor.domain.instrument import Instrument
from monitor.domain.tables import TableKey, TableKind
from monitor.rules.exact import exact, reciprocal

_CROSS_ALONE = "binance_usdm"


def holdings_of(entry: AccountEntry, where: str, inputs: Inputs, source: str) -> AccountHoldings:
    """The holdings of an account; raises `BadInput` where they contradict themselves or need a price that is not told."""
    positions = tuple(
        _position(entry, position, f"{where}.positions[{index}]", inputs, source)
        for index, position in enumerate(entry.positions)
    )
    _refuse_twice(entry, positions, where, source)
    return AccountHoldings(
        account=entry.account,
        mode=entry.mode,
        position_mode=entry.position_mode,
        wallets=_wallets(entry, positions, where, inputs, source),
        frozen={wallet.asset: wallet.frozen for wallet in entry.wallets if wallet.frozen},
        borrowed={wallet.asset: wallet.borrowed for wallet in entry.wallets if wallet.borrowed},
        not_collateral=tuple(sorted(wallet.asset for wallet in entry.wallets if not wallet.collateral)),
        positions=positions,
        venue_given=dict(entry.venue_given),
        orders=tuple(
            Order(
                instrument=order.instrument,
                order_id=str(index),
                position_side=PositionSide.BOTH,
                size=order.size * order.side.sign,
                limit_price=order.limit_price,
                reduce_only=order.reduce_only,
                leverage=order.leverage,
                taker_fee_rate=order.taker_fee_rate,
            )
            for index, order in enumerate(entry.orders)
        ),
    )


def _position(account: AccountEntry, entry: PositionEntry, where: str, inputs: Inputs, source: str) -> Position:
    if venue_of(entry.instrument) != venue_of(account.account):
        raise BadInput(
            "not an instrument of the account's venue", field=f"{where}.instrument", value=entry.instrument, source=source
        )
    # Binance alone: elsewhere an isolated position may stand beside a cross pool of all assets.
    cross_alone = account.mode is not AccountMode.SINGLE_CURRENCY and venue_of(account.account) == _CROSS_ALONE
    if entry.margin_mode is MarginMode.ISOLATED and cross_alone:
        reason = "the venue has cross margin alone in this account mode"
        raise BadInput(reason, field=f"{where}.margin_mode", value=entry.margin_mode.value, source=source)
    hedge = account.position_mode is PositionMode.HEDGE
    with exact():
        size = entry.size * entry.side.sign
        quantity = size * _contract_size(entry.instrument, inputs)
        cost = _cost(entry, quantity, where, inputs, source)
        wallet = _isolated_wallet(entry, quantity, cost, where, inputs, source)
    return Position(
        instrument=entry.instrument,
        position_side=PositionSide(entry.side.value) if hedge else PositionSide.BOTH,
        margin_mode=entry.margin_mode,
        size=size,
        cost=cost,
        leverage=entry.leverage,
        isolated_wallet=wallet,
        taker_fee_rate=entry.taker_fee_rate,
        funding_index=entry.funding_index,
    )


def _cost(entry: PositionEntry, quantity: Decimal, where: str, inputs: Inputs, source: str) -> Decimal:
    """Signed cost of the position: unrealised PnL = its value at the mark less its cost."""
    if entry.cost is not None:
        return entry.cost
    if entry.entry_price is not None:
        return _value(entry, quantity, entry.entry_price, inputs)
    if entry.unrealised_pnl is None:
        raise BadInput("no entry told", field=where, source=source)
    mark_price = _mark(entry, f"{where}.unrealised_pnl", entry.unrealised_pnl, inputs, source)
    return _value(entry, quantity, mark_price, inputs) - entry.unrealised_pnl


def _value(entry: PositionEntry, quantity: Decimal, price: Decimal, inputs: Inputs) -> Decimal:
    """Worth of the position at a price in its settle asset; of an inverse one `-quantity / price`, to 40 digits."""
    found = _instrument(entry.instrument, inputs)
    is_inverse = found is not None and found.kind.is_inverse
    return -quantity * reciprocal(price) if is_inverse else quantity * price


def _isolated_wallet(
    entry: PositionEntry, quantity: Decimal, cost: Decimal, where: str, inputs: Inputs, source: str
) -> Decimal | None:
    """The isolated wallet; a published isolated margin holds the unrealised PnL, which is taken out."""
    if entry.isolated_margin is None:
        return entry.isolated_wallet
    mark_price = _mark(entry, f"{where}.isolated_margin", entry.isolated_margin, inputs, source)
    return entry.isolated_margin - (_value(entry, quantity, mark_price, inputs) - cost)


def _mark(entry: PositionEntry, field: str, value: Decimal, inputs: Inputs, source: str) -> Decimal:
    found = inputs.price(DriverKey(DriverKind.MARK, entry.instrument))
    if found is None:
        raise BadInput(f"needs the mark price of {entry.instrument}", field=field, value=value, source=source)
    return found


def _wallets(
    entry: AccountEntry, positions: tuple[Position, ...], where: str, inputs: Inputs, source: str
) -> dict[str, Decimal]:
    """Whole balances: a cross balance with the isolated wallets of its asset added."""
    found: dict[str, Decimal] = {}
    for index, wallet in enumerate(entry.wallets):
        if wallet.asset in found:
            raise BadInput("the same wallet twice", field=f"{where}.wallets[{index}].asset", value=wallet.asset, source=source)
        with exact():
            beside = (wallet.strategy_equity or Decimal(0)) - (wallet.borrowed or Decimal(0)) - (wallet.interest or Decimal(0))
            if wallet.balance is not None:
                found[wallet.asset] = wallet.balance + beside
                continue
            isolated = [
                position.isolated_wallet
                for position in positions
                if position.isolated_wallet is not None and _settle(position.instrument, inputs) == wallet.asset
            ]
            found[wallet.asset] = sum(isolated, (wallet.cross_balance or Decimal(0)) + beside)
    return found


def _refuse_twice(entry: AccountEntry, positions: tuple[Position, ...], where: str, source: str) -> None:
    """One position an instrument in one-way mode, one a side in hedge mode."""
    seen: set[tuple[str, PositionSide]] = set()
    for index, position in enumerate(positions):
        key = (position.instrument, position.position_side)
        if key in seen:
            reason = f"a second position of the instrument in position mode {entry.position_mode.value}"
            raise BadInput(reason, field=f"{where}.positions[{index}].instrument", value=position.instrument, source=source)
        seen.add(key)


def _instrument(instrument: str, inputs: Inputs) -> Instrument | None:
    found = inputs.tables.find(TableKey(venue_of(instrument), TableKind.INSTRUMENT, symbol_of(instrument)))
    return found.table if found is not None and isinstance(found.table, Instrument) else None


def _contract_size(instrument: str, inputs: Inputs) -> Decimal:
    """Base units a contract, quote units of inverse kinds. A position without its table is not valued: 1 decides nothing."""
    found = _instrument(instrument, inputs)
    return Decimal(1) if found is None else found.contract_size


def _settle(instrument: str, inputs: Inputs) -> str | None:
    found = _instrument(instrument, inputs)
    return None if found is None else found.settle_asset
