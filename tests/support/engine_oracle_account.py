"""One account in exact fractions: a base and the movements since, replayed in full for every question."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.events import AccountState, Fee, Fill, Funding, Interest, Transfer
from monitor.domain.instrument import Instrument
from monitor.domain.tables import TableKey, TableKind
from tests.support.engine_oracle_margin import VENUE, ZERO, Held, Shape, Tables

STEP = 10**12
Key = tuple[str, PositionSide]
Cash = Funding | Fee | Interest | Transfer


@dataclass(frozen=True)
class ToldWallet:
    """The venue told the isolated wallet of a position as it stood at a venue time."""

    ts_event_ns: int
    key: Key
    wallet: Fraction


Movement = Fill | Cash | ToldWallet
SIDE_OF_SUFFIX = {"": PositionSide.BOTH, "long": PositionSide.LONG, "short": PositionSide.SHORT}


def stepped(value: Fraction) -> Fraction:
    """To the ledger's step, half even."""
    return Fraction(round(value * STEP), STEP)


def last_digit(value: Decimal) -> Fraction:
    exponent = value.as_tuple().exponent
    return Fraction(10) ** exponent if isinstance(exponent, int) else ZERO


@dataclass
class Lot:
    """One position; `wallet` None: an isolated wallet never seen. `pending`: a fill moved it, its new wallet is not told."""

    size: Fraction = ZERO
    cost: Fraction = ZERO
    wallet: Fraction | None = None
    pending: bool = False


@dataclass
class Sheet:
    """Positions and whole wallets at one moment."""

    lots: dict[Key, Lot] = field(default_factory=dict)
    wallets: dict[str, Fraction] = field(default_factory=dict)

    def copy(self) -> Sheet:
        return Sheet({key: replace(lot) for key, lot in self.lots.items()}, dict(self.wallets))

    def add(self, asset: str, amount: Fraction) -> None:
        self.wallets[asset] = self.wallets.get(asset, ZERO) + amount


@dataclass
class Book:
    """An account's holdings. `isolated` says which instruments it holds isolated, `settles` what each settles in."""

    mode: AccountMode
    position_mode: PositionMode
    settles: dict[str, str]
    isolated: set[str] = field(default_factory=set)
    base: Sheet = field(default_factory=Sheet)
    movements: list[Movement] = field(default_factory=list)
    orders: int = 0
    order_assets: tuple[str, ...] = ()

    def set_margin_modes(self, settings: tuple[InstrumentSetting, ...]) -> None:
        for setting in settings:
            if setting.margin_mode is MarginMode.ISOLATED:
                self.isolated.add(setting.instrument)
            elif setting.margin_mode is MarginMode.CROSS:
                self.isolated.discard(setting.instrument)

    # ---- movements

    def now(self, until_ns: int | None = None) -> Sheet:
        """The holdings after all movements, or after those up to a venue time."""
        sheet = self.base.copy()
        for movement in self.movements:
            if until_ns is None or movement.ts_event_ns <= until_ns:
                self.apply(sheet, movement)
        return sheet

    def apply(self, sheet: Sheet, movement: Movement) -> None:
        if isinstance(movement, Fill):
            self._fill(sheet, movement)
        elif isinstance(movement, ToldWallet):
            lot = sheet.lots.get(movement.key)
            if lot is not None and lot.size:
                lot.wallet, lot.pending = movement.wallet, False
        elif isinstance(movement, Transfer):
            self._transfer(sheet, movement)
        else:
            amount = Fraction(movement.amount) * (1 if isinstance(movement, Funding) else -1)
            sheet.add(movement.asset, amount)
            self._move_isolated(sheet, movement.pool, amount)

    def _fill(self, sheet: Sheet, fill: Fill) -> None:
        lot = sheet.lots.setdefault((fill.instrument, fill.position_side), Lot())
        traded, price = Fraction(fill.size), Fraction(fill.fill_price)
        before, after = lot.size, lot.size + traded
        printed = None if fill.realised_pnl is None else Fraction(fill.realised_pnl)
        restarts = before == 0 or after == 0 or (before > 0) != (after > 0)
        if before == 0 or (before > 0) == (traded > 0):
            realised = printed or ZERO
            lot.cost += stepped(traded * price)
        elif restarts:
            realised = before * price - lot.cost if printed is None else printed
            lot.cost = stepped(after * price)
        else:
            released = stepped(lot.cost * abs(traded) / abs(before))
            realised = -traded * price - released if printed is None else printed
            lot.cost += traded * price + realised
        lot.size = after
        isolated = fill.instrument in self.isolated
        lot.pending = isolated and after != 0
        lot.wallet = None if restarts or not isolated else lot.wallet
        sheet.add(self.settles[fill.instrument], realised)
        if fill.fee and fill.fee_asset:
            sheet.add(fill.fee_asset, -Fraction(fill.fee))

    def _transfer(self, sheet: Sheet, event: Transfer) -> None:
        ours = [pool if pool and pool.startswith(event.account + "/") else None for pool in (event.from_pool, event.to_pool)]
        amount = Fraction(event.amount)
        sheet.add(event.asset, amount * ((ours[1] is not None) - (ours[0] is not None)))
        self._move_isolated(sheet, ours[0], -amount)
        self._move_isolated(sheet, ours[1], amount)

    def _move_isolated(self, sheet: Sheet, pool: str | None, amount: Fraction) -> None:
        parts = pool.split("/") if pool else []
        if len(parts) < 3 or parts[1] != "isolated":
            return
        lot = sheet.lots.get((f"{VENUE}:{parts[2]}", SIDE_OF_SUFFIX[parts[3] if len(parts) > 3 else ""]))
        if lot is not None and lot.wallet is not None:
            lot.wallet += amount

    # ---- the venue's absolute states

    def differences(self, state: AccountState) -> dict[str, Fraction]:
        """What the state says less what we had at its venue time, by field; as far as its printing tells."""
        then = self.now(state.ts_event_ns)
        said = {(position.instrument, position.position_side): position for position in state.positions}
        found: dict[str, Fraction] = {}
        for key in set(said) | (set(then.lots) if state.complete else set()):
            lot, position = then.lots.get(key, Lot()), said.get(key)
            size = Fraction(position.size) if position else ZERO
            if size != lot.size:
                found[f"size {key}"] = size - lot.size
            elif position and size:
                entry = Fraction(position.entry_price)
                if abs(entry * size - lot.cost) > abs(size) * 2 * last_digit(position.entry_price):
                    found[f"entry {key}"] = entry - lot.cost / size
                wallet = position.isolated_wallet
                ours = None if lot.pending or self._later_fill(key, state) else lot.wallet
                if ours is not None and wallet is not None and abs(Fraction(wallet) - ours) >= last_digit(wallet):
                    found[f"isolated {key}"] = Fraction(wallet) - ours
        wallets = {wallet.asset: wallet.balance for wallet in state.wallets}
        for asset in set(wallets) | (set(then.wallets) if state.complete else set()):
            balance = wallets.get(asset, Decimal("0.000000000000"))
            if abs(Fraction(balance) - then.wallets.get(asset, ZERO)) >= last_digit(balance):
                found[f"wallet {asset}"] = Fraction(balance) - then.wallets.get(asset, ZERO)
        return found

    def _later_fill(self, key: Key, state: AccountState) -> bool:
        return any(
            isinstance(one, Fill) and (one.instrument, one.position_side) == key and one.ts_event_ns > state.ts_event_ns
            for one in self.movements
        )

    def with_state(self, state: AccountState) -> Book:
        """The book if the state were the truth at its venue time, with what came later on top."""
        differing = self.differences(state)
        then = self.now(state.ts_event_ns)
        said = {(position.instrument, position.position_side): position for position in state.positions}
        for key in set(said) | (set(then.lots) if state.complete else set()):
            position, lot = said.get(key), then.lots.setdefault(key, Lot())
            if f"size {key}" in differing or f"entry {key}" in differing:
                lot.size = Fraction(position.size) if position else ZERO
                lot.cost = stepped(lot.size * Fraction(position.entry_price)) if position else ZERO
                lot.wallet, lot.pending = None, key[0] in self.isolated and lot.size != 0
            wallet = position.isolated_wallet if position and key[0] in self.isolated and lot.size else None
            if wallet is not None and (lot.wallet is None or lot.pending or f"isolated {key}" in differing):
                lot.wallet, lot.pending = Fraction(wallet), False
            if not lot.size:
                lot.wallet, lot.pending = None, False
        for asset in then.wallets if state.complete else ():
            if f"wallet {asset}" in differing:
                then.wallets[asset] = ZERO
        for row in state.wallets:
            if f"wallet {row.asset}" in differing:
                then.wallets[row.asset] = Fraction(row.balance)
            then.wallets.setdefault(row.asset, ZERO)
        later = [one for one in self.movements if one.ts_event_ns > state.ts_event_ns and not _is_told(one, differing)]
        book = replace(self, base=then, movements=later)
        if state.orders is not None:
            book.orders = len(state.orders)
            book.order_assets = tuple(self.settles[order.instrument] for order in state.orders)
        return book

    def take_isolated_wallets(self, state: AccountState) -> None:
        """Only the venue knows how much margin a fill moved into an isolated wallet."""
        then = self.now(state.ts_event_ns)
        place = sum(one.ts_event_ns <= state.ts_event_ns for one in self.movements)
        for position in state.positions:
            key = (position.instrument, position.position_side)
            wallet = position.isolated_wallet
            if wallet is not None and key[0] in self.isolated and then.lots.get(key, Lot()).size:
                self.movements.insert(place, ToldWallet(state.ts_event_ns, key, Fraction(wallet)))

    # ---- pools

    def shapes(self, account: str, tables: Tables) -> dict[str, Shape]:
        """The pools that the holdings form."""
        sheet = self.now()
        held = {key: lot for key, lot in sorted(sheet.lots.items(), key=lambda one: (one[0][0], one[0][1].value)) if lot.size}
        cross = dict(sheet.wallets)
        unknown: set[str] = set()
        found: dict[str, Shape] = {}
        for (instrument, side), lot in held.items():
            if instrument not in self.isolated:
                continue
            settle = _settle(tables, instrument)
            suffix = "" if side is PositionSide.BOTH else f"/{side.value}"
            wallet = {} if lot.wallet is None or settle is None else {settle: lot.wallet}
            found[f"{account}/isolated/{instrument.split(':')[1]}{suffix}"] = Shape(
                wallet, (Held(instrument, lot.size, lot.cost),), isolated=True, unknown=not wallet
            )
            if settle is None:
                unknown |= {"*"}
            elif lot.wallet is None:
                unknown.add(settle)
            else:
                cross[settle] = cross.get(settle, ZERO) - lot.wallet
        positions = [Held(key[0], lot.size, lot.cost) for key, lot in held.items() if key[0] not in self.isolated]
        return found | self._cross(account, positions, cross, unknown, tables)

    def _cross(
        self, account: str, positions: list[Held], cross: dict[str, Fraction], unknown: set[str], tables: Tables
    ) -> dict[str, Shape]:
        settle = {held.instrument: _settle(tables, held.instrument) for held in positions}
        homeless = tuple(held for held in positions if settle[held.instrument] is None)
        wallets = {asset: cross[asset] for asset in cross if asset in self.now().wallets}
        if self.mode is AccountMode.MULTI_CURRENCY:
            shape = Shape(wallets, tuple(positions), True, orders=self.orders, unknown=bool(unknown or homeless))
            return {f"{account}/cross": shape}
        assets = set(wallets) | {asset for asset in settle.values() if asset is not None} | set(self.order_assets)
        found = {
            f"{account}/cross/{asset}": Shape(
                {asset: cross.get(asset, ZERO)},
                tuple(held for held in positions if settle[held.instrument] == asset),
                orders=self.order_assets.count(asset),
                unknown=bool(homeless) or asset in unknown or "*" in unknown,
            )
            for asset in assets
        }
        if homeless:
            found[f"{account}/cross"] = Shape({}, homeless, True, unknown=True)
        return found


def _is_told(movement: Movement, differing: dict[str, Fraction]) -> bool:
    """A wallet that was told of another lot than the state has."""
    return isinstance(movement, ToldWallet) and bool({f"size {movement.key}", f"entry {movement.key}"} & set(differing))


def _settle(tables: Tables, instrument: str) -> str | None:
    table = tables.get(TableKey(VENUE, TableKind.INSTRUMENT, instrument.split(":")[1]))
    return table.settle_asset if isinstance(table, Instrument) else None
