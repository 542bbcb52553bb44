"""What a connector handed on for one account: enough to drop what comes twice and to notice what never came.

This is no ledger. It holds sizes and wallets as the last agreed REST state plus the fills and the money handed on since, so
that the next state shows whether the stream lost something. Nothing outside the connector reads it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from connectors.venues.binance.rest_account import AccountSnapshot, PositionKey
from monitor.domain.events import AccountEventType, AccountState, Fee, Fill, Funding, Transfer
from monitor.domain.ids import symbol_of

_FILLS_KEPT = 20_000
_CASH_KEPT = 1_000
_PAIR_WITHIN_NS = 60 * 1_000_000_000
_STATED_COUNTS_NS = 600 * 1_000_000_000
_Key = TypeVar("_Key")
Cash = Funding | Fee | Transfer


@dataclass(slots=True)
class _HandedOn:
    """Money that was handed on: from REST or the stream, and whether the other source was paired with it."""

    kind: type[Cash]
    asset: str
    amount: Decimal
    ts_event_ns: int
    from_rest: bool
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What a REST state says otherwise: symbols whose size differs, and assets whose wallet differs."""

    symbols: frozenset[str]
    assets: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.symbols or self.assets)


class AccountShadow:
    """Fills, money and absolute values of one account as handed on since the last agreed state.

    `settle_assets` names the asset in which a symbol's PnL is paid; a symbol that is not in it leaves the wallets unknown
    until the next agreed state.
    """

    def __init__(self, settle_assets: Mapping[str, str]) -> None:
        self._settle_assets = settle_assets
        self._wallets_known = True
        self.sizes: dict[PositionKey, Decimal] = {}
        self.wallets: dict[str, Decimal] = {}
        self.agreed_ns: int | None = None
        self.newest_ns = 0
        self._fill_ids: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._cash: deque[_HandedOn] = deque(maxlen=_CASH_KEPT)
        self._cash_ids: OrderedDict[str, None] = OrderedDict()
        self._stated_sizes: dict[PositionKey, tuple[int, Decimal]] = {}
        self._stated_wallets: dict[str, tuple[int, Decimal]] = {}

    def take(self, event: AccountEventType, *, from_rest: bool = False) -> AccountEventType | None:
        """The event to hand on, None when it was handed on before. Money that repeats in one ms gets an id of its own."""
        self.newest_ns = max(self.newest_ns, event.ts_event_ns)
        if isinstance(event, Fill):
            return event if self._take_fill(event) else None
        if isinstance(event, (Funding, Fee, Transfer)):
            return self._take_cash(event, from_rest)
        if isinstance(event, AccountState) and not event.complete:
            self._take_stated(event)
        return event

    def difference(self, snapshot: AccountSnapshot) -> Difference:
        """Where the snapshot differs from the last agreed state and what was handed on since."""
        symbols = {
            key[0]
            for key in self.sizes.keys() | snapshot.sizes.keys()
            if self.sizes.get(key, Decimal(0)) != snapshot.sizes.get(key, Decimal(0))
        }
        balances = {wallet.asset: wallet.balance for wallet in snapshot.wallets}
        assets = (
            set()
            if not self._wallets_known
            else {
                asset
                for asset in self.wallets.keys() | balances.keys()
                if self.wallets.get(asset, Decimal(0)) != balances.get(asset, Decimal(0))
            }
        )
        return Difference(frozenset(symbols), frozenset(assets))

    def is_older_than_stream(self, snapshot: AccountSnapshot, asked_ns: int) -> bool:
        """Whether the stream has stated a newer absolute value than this snapshot knows (REST read from a late replica).

        What was stated more than ten minutes before `asked_ns` no longer holds a state up.
        """
        known_ns = max(snapshot.changed_ns, asked_ns - _STATED_COUNTS_NS)
        balances = {wallet.asset: wallet.balance for wallet in snapshot.wallets}
        late_size = any(
            moment > known_ns and snapshot.sizes.get(key, Decimal(0)) != size
            for key, (moment, size) in self._stated_sizes.items()
        )
        return late_size or any(
            moment > known_ns and balances.get(asset, Decimal(0)) != balance
            for asset, (moment, balance) in self._stated_wallets.items()
        )

    def adopt(self, snapshot: AccountSnapshot, ts_event_ns: int) -> None:
        """Take the absolute values of a state that was handed on."""
        self.sizes = dict(snapshot.sizes)
        self.wallets = {wallet.asset: wallet.balance for wallet in snapshot.wallets}
        self.agreed_ns = ts_event_ns
        self._wallets_known = True
        self._stated_sizes = {key: value for key, value in self._stated_sizes.items() if value[0] > ts_event_ns}
        self._stated_wallets = {key: value for key, value in self._stated_wallets.items() if value[0] > ts_event_ns}

    def _take_fill(self, fill: Fill) -> bool:
        if fill.identity in self._fill_ids:
            return False
        self._fill_ids[fill.identity] = None
        if len(self._fill_ids) > _FILLS_KEPT:
            self._fill_ids.popitem(last=False)
        key = (symbol_of(fill.instrument), fill.position_side)
        self._add(self.sizes, key, fill.size)
        if fill.fee_asset is not None:
            self._add(self.wallets, fill.fee_asset, -fill.fee)
        self._add_pnl(fill)
        return True

    def _add_pnl(self, fill: Fill) -> None:
        asset = self._settle_assets.get(symbol_of(fill.instrument))
        if asset is None or fill.realised_pnl is None:
            self._wallets_known = False
        else:
            self._add(self.wallets, asset, fill.realised_pnl)

    def _take_cash(self, event: Cash, from_rest: bool) -> Cash | None:
        amount = _received(event)
        for entry in self._cash:
            if entry.from_rest != from_rest and not entry.paired and _same(entry, event, amount):
                entry.paired = True
                return None
        self._cash.append(_HandedOn(type(event), event.asset, amount, event.ts_event_ns, from_rest))
        self._add(self.wallets, event.asset, amount)
        return self._with_own_id(event)

    def _with_own_id(self, event: Cash) -> Cash:
        identifier, count = event.event_id, 1
        while identifier in self._cash_ids:
            count += 1
            identifier = f"{event.event_id}#{count}"
        self._cash_ids[identifier] = None
        if len(self._cash_ids) > _CASH_KEPT:
            self._cash_ids.popitem(last=False)
        return event if count == 1 else replace(event, event_id=identifier)

    def _take_stated(self, state: AccountState) -> None:
        for position in state.positions:
            key = (symbol_of(position.instrument), position.position_side)
            if state.ts_event_ns >= self._stated_sizes.get(key, (0, Decimal(0)))[0]:
                self._stated_sizes[key] = (state.ts_event_ns, position.size)
        for wallet in state.wallets:
            if state.ts_event_ns >= self._stated_wallets.get(wallet.asset, (0, Decimal(0)))[0]:
                self._stated_wallets[wallet.asset] = (state.ts_event_ns, wallet.balance)

    @staticmethod
    def _add(amounts: dict[_Key, Decimal], key: _Key, amount: Decimal) -> None:
        amounts[key] = amounts.get(key, Decimal(0)) + amount


def _received(event: Cash) -> Decimal:
    """What a wallet gained by it."""
    if isinstance(event, Funding):
        return event.amount
    if isinstance(event, Fee):
        return -event.amount
    return event.amount if event.to_pool is not None else -event.amount


def _same(entry: _HandedOn, event: Cash, amount: Decimal) -> bool:
    """Whether stream and REST tell of the same money: neither prints the other's id, and the ms may differ."""
    near = abs(entry.ts_event_ns - event.ts_event_ns) <= _PAIR_WITHIN_NS
    return near and entry.kind is type(event) and entry.asset == event.asset and entry.amount == amount
