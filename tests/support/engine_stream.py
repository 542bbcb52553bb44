"""Streams of inputs of every kind for the engine, made step by step while the oracle follows: seeded, hostile on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.events import (
    AccountDeclared,
    AccountEventType,
    AccountGap,
    AccountRemoved,
    AccountState,
    ClockOffset,
    DriverDeclared,
    Fee,
    Fill,
    Funding,
    Heartbeat,
    Interest,
    PositionState,
    SettingsChanged,
    Transfer,
    ValuationStarted,
    VenueFigures,
    VenueStatus,
    WalletState,
)
from monitor.domain.holdings import Order
from monitor.domain.ids import DriverKind
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.domain.profile import BoundaryKind
from monitor.domain.tables import AssetIndexBuffers, Table, TableChanged, TableKey, TableKind, TableVersion
from tests.support.engine_market import (
    CENTRES,
    DRIVER_CENTRES,
    DRIVERS,
    INDICES,
    PARTITIONS,
    PROFILES,
    SECOND_NS,
    SOURCES,
    START_NS,
    SYMBOLS,
    brackets,
    first_tables,
    key,
    weights,
)
from tests.support.engine_oracle import NAMES, Change, EngineOracle
from tests.support.engine_oracle_account import Sheet
from tests.support.engine_oracle_margin import VENUE, WEIGHTS
from tests.support.engine_oracle_state import Account, Pool


@dataclass
class Sender:
    """The numbers that a producer gives: per account, and what it sent to each partition."""

    epoch: int = 1
    numbers: Counter[str] = field(default_factory=Counter)
    sent: Counter[int] = field(default_factory=Counter)


@dataclass
class Stream:
    """Makes inputs, hands each to the oracle at once, and keeps both; `mixed` names steps of all kinds, for `step`."""

    random: Random
    oracle: EngineOracle = field(default_factory=lambda: EngineOracle(PROFILES))
    inputs: list[tuple[Input, int]] = field(default_factory=list)
    changes: list[list[Change]] = field(default_factory=list)
    senders: dict[str, Sender] = field(default_factory=lambda: {name: Sender() for name in SOURCES})
    kinds: Counter[str] = field(default_factory=Counter)
    count: int = 0
    now_ns: int = START_NS
    versions: int = 0

    # ---- handing over

    def give(self, item: Input, partition: int = 0, kind: str | None = None) -> None:
        self.kinds[kind or type(item).__name__] += 1
        self.inputs.append((item, partition))
        self.changes.append(self.oracle.process(item, partition))

    def open(self) -> None:
        """What a run begins with: the clock, drivers, tables (one may be late), prices, four accounts."""
        self.give(ClockAdvanced(self.now_ns))
        for index, driver in enumerate(DRIVERS):
            self.give(DriverDeclared(index=index, key=driver))
        late = self.random.choice([None, None, key(TableKind.LEVERAGE_BRACKETS, "DOGEUSDT"), WEIGHTS])
        for table_key, table in first_tables().items():
            if table_key != late:
                self.table(table_key, table)
        if self.random.random() < 0.7:
            self.give(ValuationStarted())
        self.all_prices()
        for name in ("carol", "dave", "erin", "frank"):
            self.declare(name)
        if not self.oracle.is_valuing:
            self.give(ValuationStarted())
        if late is not None:
            self.table(late, first_tables()[late])
        self.clock(100_000_000)

    # ---- prices and clock

    def clock(self, step_ns: int) -> None:
        self.now_ns += step_ns
        self.give(ClockAdvanced(self.now_ns))

    def batch(self, rows: list[tuple[int, float, int]], kind: str = "PriceBatch") -> None:
        """Rows of (driver, price, event stamp)."""
        batch = PriceBatch((("prices", 0),))
        for driver, price, stamp in rows:
            self.count += 1
            batch.driver.append(driver)
            batch.price.append(price)
            batch.ts_event_ns.append(stamp)
            batch.ts_recv_ns.append(self.now_ns)
            batch.lane.append(0)
            batch.offset_first.append(self.count)
            batch.offset_last.append(self.count)
            batch.count.append(1)
        self.give(batch, kind=kind)

    def price_of(self, driver: int, spread: int = 12) -> float:
        """A price on a coarse grid around the centre, so that prices come back to where a boundary was hit."""
        centre = Decimal(DRIVER_CENTRES[driver])
        steps = self.random.randint(-spread, spread) if self.random.random() < 0.8 else 0
        unit = 100 if DRIVERS[driver].kind is DriverKind.MARK else 2000
        return float(centre * (unit + steps) / unit)

    def all_prices(self) -> None:
        self.batch([(driver, self.price_of(driver, 4), self.now_ns) for driver in range(len(DRIVERS))])

    def prices(self) -> None:
        rows = [self.random.randrange(len(DRIVERS)) for _ in range(self.random.randint(1, 25))]
        self.batch([(driver, self.price_of(driver), self.now_ns) for driver in rows])

    def one_market(self) -> None:
        """Marks alone, and all of them: the others may go stale."""
        self.batch([(driver, self.price_of(driver), self.now_ns) for driver in range(len(SYMBOLS))])

    def odd_prices(self) -> None:
        """Late, dated ahead of our clock, and useless ones."""
        driver = self.random.randrange(len(DRIVERS))
        price = self.price_of(driver)
        stamps = [self.now_ns - 3600 * SECOND_NS, self.now_ns + 3600 * SECOND_NS]
        self.batch([(driver, price, stamps[0]), (driver, price, stamps[1]), (driver, 0.0, self.now_ns)], "odd prices")

    def short_clock(self) -> None:
        self.clock(100_000_000)

    def grace(self) -> None:
        self.clock(self.random.choice([2, 3]) * SECOND_NS)

    def silence(self) -> None:
        self.clock(self.random.choice([5, 7, 11]) * SECOND_NS)

    # ---- sources

    def heartbeat(self) -> None:
        for name, sender in self.senders.items():
            for partition in range(PARTITIONS):
                self._beat(name, sender.epoch, partition, sender.sent[partition])

    def wrong_heartbeat(self) -> None:
        name = self.random.choice(SOURCES)
        partition = self.random.randrange(PARTITIONS)
        self.senders[name].sent[partition] += 1
        self._beat(name, self.senders[name].epoch, partition, self.senders[name].sent[partition], "wrong heartbeat")

    def new_epoch(self) -> None:
        name = self.random.choice(SOURCES)
        before = self.senders[name].epoch
        self.senders[name] = Sender(before + 1)
        self.kinds["new epoch"] += 1
        if self.random.random() < 0.7:
            partition = self.random.randrange(PARTITIONS)
            self._beat(name, before + 1, partition, 0)
            self._beat(name, before, partition, 3, "heartbeat of an older epoch")

    def _beat(self, source: str, epoch: int, partition: int, count: int, kind: str = "Heartbeat") -> None:
        self.give(
            Heartbeat(
                source=source,
                source_epoch=epoch,
                partition=partition,
                count=count,
                ts_event_ns=self.now_ns,
                ts_recv_ns=self.now_ns,
            ),
            kind=kind,
        )

    def _next(self, account: str, skip: int = 0) -> dict[str, Any]:
        """The fields that every account event has, with the next number of its source."""
        self.now_ns += 1_000_000
        source = self._source(account)
        sender = self.senders[source]
        sender.numbers[account] += 1 + skip
        self.count += 1
        return {
            "account": f"{VENUE}:{account}",
            "event_id": f"e{self.count}",
            "ts_event_ns": self.now_ns,
            "ts_recv_ns": self.now_ns,
            "source": source,
            "source_epoch": sender.epoch,
            "account_seq": sender.numbers[account],
        }

    def _source(self, account: str) -> str:
        return SOURCES[account > "d"]

    def _send(self, event: AccountEventType, kind: str | None = None) -> None:
        partition = len(event.account) % PARTITIONS
        self.senders[event.source].sent[partition] += 1
        self.give(event, partition, kind)

    # ---- accounts

    def declare(self, name: str) -> None:
        """Declared and opened; the state may come first, a fill may lie between."""
        hedge, multi = self.random.random() < 0.4, self.random.random() < 0.5
        isolated = [] if multi else self.random.sample(sorted(SYMBOLS), self.random.randint(0, 2))
        settings = tuple(
            InstrumentSetting(
                instrument=f"{VENUE}:{symbol}",
                margin_mode=MarginMode.ISOLATED if symbol in isolated else MarginMode.CROSS,
                leverage=Decimal(20),
            )
            for symbol in SYMBOLS
        )
        declared = AccountDeclared(
            **self._next(name),
            mode=AccountMode.MULTI_CURRENCY if multi else AccountMode.SINGLE_CURRENCY,
            position_mode=PositionMode.HEDGE if hedge else PositionMode.ONE_WAY,
            profile=self.random.choice([None, *PROFILES]),
            instruments=settings,
            opens_empty=self.random.random() < 0.1,
        )
        state = self._first_state(name, hedge, isolated)
        if self.random.random() < 0.3:
            # The numbers are those of the sending order: the state was sent behind the declaration and overtook it.
            self._send(state, "state before its declaration")
            self._send(declared)
        else:
            self._send(declared)
            if self.random.random() < 0.3:
                self._fill(name, kind="early movement")
            self._send(state)

    def _first_state(self, name: str, hedge: bool, isolated: list[str]) -> AccountState:
        positions = []
        for symbol in self.random.sample(sorted(SYMBOLS), self.random.randint(1, 3)):
            for side in (PositionSide.LONG, PositionSide.SHORT) if hedge else (PositionSide.BOTH,):
                sign = {PositionSide.LONG: 1, PositionSide.SHORT: -1}.get(side) or self.random.choice((1, -1))
                size = sign * round(Decimal(self.random.randint(5_000, 150_000)) / Decimal(CENTRES[symbol]), 3)
                positions.append(
                    PositionState(
                        instrument=f"{VENUE}:{symbol}",
                        position_side=side,
                        size=size,
                        entry_price=Decimal(CENTRES[symbol]),
                        margin_mode=MarginMode.ISOLATED if symbol in isolated else MarginMode.CROSS,
                        isolated_wallet=Decimal(self.random.randint(500, 9_000)) if symbol in isolated else None,
                    )
                )
        wallets = [WalletState(asset="USDT", balance=Decimal(self.random.randint(9_000, 60_000)))]
        if self.random.random() < 0.5:
            wallets.append(WalletState(asset="USDC", balance=Decimal(self.random.randint(-500, 20_000))))
        if self.random.random() < 0.3:
            wallets.append(WalletState(asset="BTC", balance=Decimal(self.random.randint(1, 20)) / 10))
        return AccountState(**self._next(name), complete=True, positions=tuple(positions), wallets=tuple(wallets))

    def _pick(self) -> str | None:
        known = [name for name, account in self.oracle.accounts.items() if account.book is not None]
        return self.random.choice(sorted(known)).split(":")[1] if known else None

    def _account(self, name: str) -> Account:
        return self.oracle.accounts[f"{VENUE}:{name}"]

    def _sheet(self, name: str) -> Sheet:
        book = self._account(name).book
        assert book is not None
        return book.now()

    def account_again(self) -> None:
        """An account that was removed comes back."""
        for name in ("carol", "dave", "erin", "frank"):
            if f"{VENUE}:{name}" not in self.oracle.accounts:
                self.declare(name)
                return

    def fill(self) -> None:
        self._of_some(self._fill)

    def _of_some(self, act: Callable[[str], None]) -> None:
        name = self._pick()
        if name is not None:
            act(name)

    def _fill(self, name: str, kind: str | None = None, skip: int = 0) -> None:
        self._send(self._some_fill(name, skip), kind)

    def _some_fill(self, name: str, skip: int = 0) -> Fill:
        """Opens, adds, reduces, closes or flips."""
        book = self._account(name).book
        assert book is not None
        symbol = self.random.choice(sorted(SYMBOLS))
        hedge = book.position_mode is PositionMode.HEDGE
        side = self.random.choice((PositionSide.LONG, PositionSide.SHORT)) if hedge else PositionSide.BOTH
        lot = book.now().lots.get((f"{VENUE}:{symbol}", side))
        held = lot.size if lot else Fraction(0)
        centre = Decimal(CENTRES[symbol])
        size = round(Decimal(self.random.randint(1_000, 60_000)) / centre, 3) * self.random.choice((1, -1))
        if held and self.random.random() < 0.5:
            size = -as_decimal(held) if self.random.random() < 0.5 else round(-as_decimal(held) / 2, 3) or Decimal("0.001")
        elif hedge:
            size = abs(size) * (1 if side is PositionSide.LONG else -1)
        price = round(centre * (100 + self.random.randint(-5, 5)) / 100, 4)
        fee = Decimal(self.random.randint(0, 50)) / 10
        return Fill(
            **self._next(name, skip),
            instrument=f"{VENUE}:{symbol}",
            trade_id=str(self.count),
            order_id="o",
            position_side=side,
            size=size,
            fill_price=price,
            fee=fee,
            fee_asset=self.random.choice(["USDT", "BTC"]) if fee else None,
        )

    def again(self) -> None:
        """A record comes twice, or the same trade under a new number."""
        earlier = [item for item, _ in self.inputs if isinstance(item, Fill) and item.account in self.oracle.accounts]
        if earlier:
            fill = self.random.choice(earlier[-5:])
            if self.random.random() < 0.5:
                self._send(fill, "duplicate")
                return
            fields = {name: getattr(fill, name) for name in Fill.__dataclass_fields__}
            new = self._next(fill.account.split(":")[1])
            self._send(Fill(**(fields | {n: new[n] for n in ("source_epoch", "account_seq")})), "same trade again")

    def hole(self) -> None:
        self._of_some(lambda name: self._fill(name, "hole", skip=self.random.randint(1, 3)))

    def older_epoch(self) -> None:
        name = self._pick()
        if name is not None and self._account(name).numbers[self._source(name)].epoch > 1:
            fill = self._some_fill(name)
            fields = {one: getattr(fill, one) for one in Fill.__dataclass_fields__}
            self.senders[fill.source].numbers[name] -= 1
            self.give(Fill(**(fields | {"source_epoch": fill.source_epoch - 1})), len(fill.account) % PARTITIONS, "older epoch")

    def refused(self) -> None:
        """A fill off the size step, or a profile that nobody knows."""
        name = self._pick()
        if name is None:
            return
        if self.random.random() < 0.5:
            fill = self._some_fill(name)
            fields = {one: getattr(fill, one) for one in Fill.__dataclass_fields__}
            self._send(Fill(**(fields | {"size": Decimal("0.0001")})), "refused")
        else:
            self._send(SettingsChanged(**self._next(name), profile="nobody"), "refused")

    def cash(self) -> None:
        name = self._pick()
        if name is None:
            return
        fields, amount = self._next(name), Decimal(self.random.randint(1, 90_000)) / 100
        asset = self.random.choice(["USDT", "USDT", "USDC"])
        kind = self.random.choice([Funding, Fee, Interest])
        signed = amount * self.random.choice((1, -1)) if kind is Funding else amount
        isolated = [pool for pool in sorted(self._account(name).pools) if "/isolated/" in pool]
        pool = self.random.choice(isolated) if isolated and self.random.random() < 0.5 else None
        if pool is not None:
            asset = SYMBOLS[pool.split("/")[2]][1]
        self._send(kind(**fields, asset=asset, amount=signed, pool=pool))

    def transfer(self) -> None:
        name = self._pick()
        if name is None:
            return
        isolated = [pool for pool in sorted(self._account(name).pools) if "/isolated/" in pool]
        amount = Decimal(self.random.randint(100, 600_000)) / 100
        asset, cross = "USDT", f"{VENUE}:{name}/cross"
        other: str | None = None
        if isolated and self.random.random() < 0.7:
            other = self.random.choice(isolated)
            asset = SYMBOLS[other.split("/")[2]][1]
        ends = [cross, other] if self.random.random() < 0.5 else [other, cross]
        self._send(Transfer(**self._next(name), asset=asset, amount=amount, from_pool=ends[0], to_pool=ends[1]))

    # ---- the venue's word

    def state(self, *, off: str | None = None, complete: bool | None = None) -> None:
        name = self._pick()
        if name is not None and "not opened" not in self._account(name).doubts:
            self._state(name, self._sheet(name), off=off, complete=complete)

    def _state(self, name: str, sheet: Sheet, *, off: str | None = None, complete: bool | None = None) -> None:
        """What we have, as a venue would print it; `off` says what differs."""
        book = self._account(name).book
        assert book is not None
        is_complete = self.random.random() < 0.7 if complete is None else complete
        positions = []
        for (subject, side), lot in sorted(sheet.lots.items(), key=lambda one: (one[0][0], one[0][1].value)):
            if not lot.size and (is_complete or self.random.random() < 0.5):
                continue
            isolated = subject in book.isolated
            wallet = None
            if isolated and lot.size:
                wallet = (
                    Decimal(self.random.randint(500, 9_000)) if lot.wallet is None or lot.pending else as_decimal(lot.wallet)
                )
            positions.append(
                PositionState(
                    instrument=subject,
                    position_side=side,
                    size=as_decimal(lot.size),
                    entry_price=round(as_decimal(lot.cost / lot.size), 10) if lot.size else Decimal(0),
                    margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
                    isolated_wallet=wallet,
                )
            )
        wallets = [WalletState(asset=asset, balance=as_decimal(sheet.wallets[asset])) for asset in sorted(sheet.wallets)]
        if off == "wallet" and wallets:
            wallets[0] = WalletState(asset=wallets[0].asset, balance=wallets[0].balance + self.random.choice((-3000, 700)))
        if off == "size" and positions:
            row = positions[0]
            positions[0] = PositionState(
                instrument=row.instrument,
                position_side=row.position_side,
                size=row.size * 2,
                entry_price=row.entry_price,
                margin_mode=row.margin_mode,
                isolated_wallet=row.isolated_wallet,
            )
        orders = None
        if is_complete and self.random.random() < 0.3:
            orders = tuple(
                Order(
                    instrument=f"{VENUE}:{self.random.choice(sorted(SYMBOLS))}",
                    order_id=str(number),
                    position_side=PositionSide.BOTH,
                    size=Decimal(1),
                )
                for number in range(self.random.randint(0, 2))
            )
        event = AccountState(
            **self._next(name), complete=is_complete, positions=tuple(positions), wallets=tuple(wallets), orders=orders
        )
        kind = f"{'complete' if is_complete else 'partial'} state, {'differs' if off else 'agrees'}"
        self._send(event, kind)

    def complete_state(self) -> None:
        self.state(complete=True)

    def differing(self) -> None:
        self.state(off=self.random.choice(["wallet", "size"]))

    def repaired(self) -> None:
        """Two states that differ in the same way, each given its grace."""
        name = self._pick()
        if name is None or "not opened" in self._account(name).doubts:
            return
        seed, before = self.random.random(), self.random
        for _ in range(2):
            self.random = Random(seed)
            self._state(name, self._sheet(name), off="wallet", complete=True)
            self.clock(2 * SECOND_NS)
        self.random = before

    def state_then_fill(self) -> None:
        """The account update comes before its fill, at one venue time."""
        name = self._pick()
        if name is None or "not opened" in self._account(name).doubts:
            return
        fill = self._some_fill(name)
        book = self._account(name).book
        assert book is not None
        sheet = book.now()
        book.apply(sheet, fill)
        self.senders[fill.source].numbers[name] -= 1
        self._state(name, sheet, complete=False)
        state = self.inputs[-1][0]
        assert isinstance(state, AccountState)
        fields = {one: getattr(fill, one) for one in Fill.__dataclass_fields__}
        new = self._next(name)
        self._send(Fill(**(fields | {"account_seq": new["account_seq"]})), "fill behind its state")

    def isolated_fill_and_wallet(self) -> None:
        """An isolated fill, prices meanwhile, then the state that tells its wallet."""
        name = next((one for one in sorted(self.oracle.accounts) if self._has_isolated(one)), None)
        if name is None:
            return
        short = name.split(":")[1]
        self._fill(short)
        self.prices()
        self._state(short, self._sheet(short), complete=self.random.random() < 0.5)

    def _has_isolated(self, name: str) -> bool:
        account = self.oracle.accounts[name]
        return account.book is not None and bool(account.book.isolated) and "not opened" not in account.doubts

    def venue_figures(self) -> None:
        name = self._pick()
        pools = sorted(self._account(name).pools) if name is not None else []
        if name is not None and pools:
            ratio = self.random.choice([None, "0.1", "0.45", "0.76", "0.85", "0.97", "1.01"])
            self._send(
                VenueFigures(
                    **self._next(name),
                    pool=self.random.choice(pools),
                    figures={"totalMaintMargin": Decimal(1)},
                    margin_ratio=None if ratio is None else Decimal(ratio),
                    collateral_value=Decimal(self.random.choice([1, 10_000])),
                    mark_prices={f"{VENUE}:BTCUSDT": Decimal(40_000)},
                )
            )

    def gap(self) -> None:
        self._of_some(lambda name: self._send(AccountGap(**self._next(name), reason="socket cut")))

    def settings(self) -> None:
        name = self._pick()
        if name is None:
            return
        book = self._account(name).book
        assert book is not None
        mode = None
        held = {subject for (subject, _), lot in book.now().lots.items() if lot.size}
        if self.random.random() < 0.4 and not book.isolated & held:
            mode = self.random.choice([AccountMode.SINGLE_CURRENCY, AccountMode.MULTI_CURRENCY])
        flat = [symbol for symbol in sorted(SYMBOLS) if f"{VENUE}:{symbol}" not in held]
        wanted: tuple[InstrumentSetting, ...] = ()
        if flat and (mode or book.mode) is AccountMode.SINGLE_CURRENCY:
            isolated = self.random.random() < 0.6
            wanted = (
                InstrumentSetting(
                    instrument=f"{VENUE}:{self.random.choice(flat)}",
                    margin_mode=MarginMode.ISOLATED if isolated else MarginMode.CROSS,
                ),
            )
        elif mode is AccountMode.MULTI_CURRENCY or book.mode is AccountMode.MULTI_CURRENCY:
            wanted = tuple(
                InstrumentSetting(instrument=subject, margin_mode=MarginMode.CROSS) for subject in sorted(book.isolated)
            )
        profile = self.random.choice([None, *PROFILES])
        self._send(SettingsChanged(**self._next(name), mode=mode, profile=profile, instruments=wanted))

    def removed(self) -> None:
        if len(self.oracle.accounts) > 2:
            self._of_some(lambda name: self._send(AccountRemoved(**self._next(name))))

    # ---- on the boundary

    def onto_boundary(self) -> None:
        """A deposit or withdrawal after which a pool stands exactly on a boundary (slack 0) at the prices of now."""
        places = [
            (account, name, pool)
            for account in self.oracle.accounts.values()
            for name, pool in sorted(account.pools.items())
            if "/cross" in name and pool.ours.positions and account.wait_until_ns is None
        ]
        if not places:
            return
        account, name, pool = self.random.choice(places)
        amount = self._missing_amount(account, pool)
        if amount:
            asset = name.rsplit("/", 1)[1] if name.count("/") == 2 else "USDT"
            ends = (None, name) if amount > 0 else (name, None)
            self._send(
                Transfer(
                    **self._next(account.name.split(":")[1]),
                    asset=asset,
                    amount=abs(amount),
                    from_pool=ends[0],
                    to_pool=ends[1],
                ),
                "onto a boundary",
            )

    def _missing_amount(self, account: Account, pool: Pool) -> Decimal | None:
        figures = self.oracle.figures(pool)
        if figures is None:
            return None
        switches = self.oracle._switches(account, pool)
        edges = []
        for level in NAMES:
            switch = getattr(switches, level)
            for one, kind in ((switch.ratio, BoundaryKind.RATIO), (switch.buffer, BoundaryKind.BUFFER)):
                if one is not None:
                    edges += [(kind, Fraction(one.enter)), (kind, Fraction(one.leave))]
        kind, edge = self.random.choice(edges)
        slack = self.oracle.slack(figures, kind, edge)
        missing = -slack / edge if kind is BoundaryKind.RATIO else -slack
        scaled = missing * 10**12
        return as_decimal(missing) if scaled.denominator == 1 and missing else None

    # ---- tables

    def table(self, table_key: TableKey, table: Table | None, *, in_s: int | None = None) -> None:
        """A schedule: in force now, or (`in_s`) later, behind the one in force."""
        versions = []
        known = self.oracle.in_force.get(table_key)
        if table is not None:
            self.versions += 1
            effective = 0 if in_s is None and known is None else self.now_ns + (in_s or 0) * SECOND_NS
            versions = [TableVersion(version=f"v{self.versions}", effective_ns=effective, table=table, source="test")]
            if in_s is not None and known is not None:
                versions.insert(0, known)
        kind = f"table {table_key.kind.value}"
        if table is None:
            kind = "table withdrawn"
        elif in_s is not None:
            kind = "table scheduled"
        elif known is not None and table == known.table:
            kind = "table of the same content"
        self.give(TableChanged(key=table_key, versions=tuple(versions), ts_recv_ns=self.now_ns), kind=kind)

    def some_table(self) -> None:
        in_s = self.random.choice([None, None, 1, 3])
        choice = self.random.randrange(4)
        if choice == 0:
            self.table(WEIGHTS, weights(self.random.choice(["0.5", "1", "2"])), in_s=in_s)
        elif choice == 1:
            buffers = self.random.choice([("0", "0"), ("0.05", "0.05"), ("0.001", "0.002"), None])
            table = AssetIndexBuffers(
                bid_buffer=Decimal(buffers[0]) if buffers else None, ask_buffer=Decimal(buffers[1]) if buffers else None
            )
            self.table(key(TableKind.ASSET_INDEX, self.random.choice(sorted(INDICES))), table, in_s=in_s)
        else:
            symbol = self.random.choice(sorted(SYMBOLS))
            self.table(key(TableKind.LEVERAGE_BRACKETS, symbol), brackets(self.random.choice([1, 2, 5])), in_s=in_s)

    def lost_table(self) -> None:
        """A table is withdrawn, prices go on, it comes again."""
        table_key = self.random.choice([one for one in first_tables() if one.kind is not TableKind.INSTRUMENT])
        self.table(table_key, None)
        self.prices()
        self.table(table_key, first_tables()[table_key])
        self.prices()
        self.short_clock()

    def bad_table(self) -> None:
        """Versions that fall in time are refused; what was in force stays."""
        symbol = self.random.choice(sorted(SYMBOLS))
        falling = tuple(TableVersion(version=f"bad{at}", effective_ns=at, table=brackets(5), source="test") for at in (2, 1))
        self.give(
            TableChanged(key=key(TableKind.LEVERAGE_BRACKETS, symbol), versions=falling, ts_recv_ns=self.now_ns),
            kind="bad table",
        )

    # ---- the rest

    def status(self) -> None:
        self.give(VenueStatus(venue=VENUE, status="reduce_only", ts_event_ns=self.now_ns, ts_recv_ns=self.now_ns))

    def offset(self) -> None:
        self.give(ClockOffset(venue=VENUE, offset_ns=self.random.choice([0, 400_000_000, -400_000_000])))


STEPS: dict[str, int] = {
    "prices": 16, "all_prices": 6, "one_market": 6, "odd_prices": 1, "short_clock": 8, "grace": 3, "silence": 3,
    "heartbeat": 8, "wrong_heartbeat": 1, "new_epoch": 2, "fill": 8, "again": 2, "hole": 2, "older_epoch": 3, "refused": 1,
    "cash": 4, "transfer": 3, "state": 4, "complete_state": 6, "differing": 3, "repaired": 1, "state_then_fill": 3,
    "isolated_fill_and_wallet": 4, "venue_figures": 3, "gap": 1, "settings": 3, "removed": 1, "account_again": 2,
    "onto_boundary": 8, "some_table": 4, "lost_table": 1, "bad_table": 1, "status": 1, "offset": 1,
}  # fmt: skip
"""The steps of a stream by name, with how often each is taken."""


def as_decimal(value: Fraction) -> Decimal:
    """Exact where a finite decimal holds it, else to 28 digits."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def stream_of(steps: list[tuple[str, int]], seed: int = 0) -> Stream:
    """The stream that the steps make, each with a seed of its own so that one may be left out."""
    stream = Stream(Random(seed))
    stream.open()
    for name, step_seed in steps:
        stream.random = Random(step_seed)
        getattr(stream, name)()
    return stream
