"""A timetable for the engine: `at(2.5)` moves the clock, then events and prices, then what must be of level and certainty."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from monitor.domain.account import AccountMode, InstrumentSetting, MarginMode, PositionMode, PositionSide
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.effects import CertaintyChanged, Effect, InputRefused, LevelChanged
from monitor.domain.events import (
    AccountDeclared,
    AccountState,
    DriverDeclared,
    Fill,
    Heartbeat,
    PositionState,
    ValuationStarted,
    WalletState,
)
from monitor.domain.ids import DriverKey, DriverKind, SourcePosition
from monitor.domain.inputs import ClockAdvanced, Input, PriceBatch
from monitor.domain.level import Level
from monitor.domain.tables import Table, TableChanged, TableKey, TableKind, TableVersion
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from tests.support.engine_market import SECOND_NS, START_NS, brackets, instrument, key, weights
from tests.support.engine_oracle_margin import VENUE, WEIGHTS

BTC, ETH = f"{VENUE}:BTCUSDT", f"{VENUE}:ETHUSDT"


class Timetable:
    """One engine, its producer `desk`, and all effects so far. Times in seconds from the start."""

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self.engine = Engine(settings or EngineSettings())
        self.effects: list[Effect] = []
        self.numbers: Counter[tuple[str, int]] = Counter()
        self.sent = 0
        self.epoch = 1
        self.now_ns = START_NS
        self.give(ClockAdvanced(START_NS))
        for symbol in ("BTCUSDT", "ETHUSDT"):
            self.table(key(TableKind.INSTRUMENT, symbol), instrument(symbol))
            self.table(key(TableKind.LEVERAGE_BRACKETS, symbol), brackets(1))
        self.table(WEIGHTS, weights("1"))
        for index, subject in enumerate((BTC, ETH)):
            self.give(DriverDeclared(index=index, key=DriverKey(DriverKind.MARK, subject)))
        self.give(ValuationStarted())

    # ---- what happens

    def give(self, item: Input, position: SourcePosition | None = None) -> list[Effect]:
        """Any input; its effects."""
        found = self.engine.process(item, position)
        self.effects += found
        return found

    def at(self, seconds: float) -> Timetable:
        """The clock moves to this time."""
        self.now_ns = START_NS + int(seconds * SECOND_NS)
        self.give(ClockAdvanced(self.now_ns))
        return self

    def price(self, subject: str, *prices: float) -> list[Effect]:
        """Marks, one after the other."""
        batch = PriceBatch((("prices", 0),))
        for price in prices:
            batch.driver.append((BTC, ETH).index(subject))
            batch.price.append(price)
            batch.ts_event_ns.append(self.now_ns)
            batch.ts_recv_ns.append(self.now_ns)
            batch.lane.append(0)
            batch.offset_first.append(0)
            batch.offset_last.append(0)
            batch.count.append(1)
        return self.give(batch)

    def fields(self, name: str, *, skip: int = 0, source: str = "desk") -> dict[str, Any]:
        """What every account event has, with the next number of its source."""
        self.now_ns += 1_000_000
        self.numbers[name, self.epoch] += 1 + skip
        self.sent += 1
        return {
            "account": f"{VENUE}:{name}",
            "event_id": f"e{len(self.effects)}-{self.now_ns}",
            "ts_event_ns": self.now_ns,
            "ts_recv_ns": self.now_ns,
            "source": source,
            "source_epoch": self.epoch,
            "account_seq": self.numbers[name, self.epoch],
        }

    def declare(
        self, name: str, *, isolated: tuple[str, ...] = (), mode: AccountMode = AccountMode.SINGLE_CURRENCY, **fields: Any
    ) -> None:
        """An account in one-way mode."""
        settings = tuple(InstrumentSetting(instrument=subject, margin_mode=MarginMode.ISOLATED) for subject in isolated)
        self.give(
            AccountDeclared(**self.fields(name), mode=mode, position_mode=PositionMode.ONE_WAY, instruments=settings, **fields)
        )

    def state(self, name: str, wallet: str, *positions: PositionState, complete: bool = True, **fields: int) -> list[Effect]:
        """An account state: the USDT wallet and positions."""
        wallets = (WalletState(asset="USDT", balance=Decimal(wallet)),)
        base = self.fields(name, skip=fields.pop("skip", 0)) | fields
        return self.give(AccountState(**base, complete=complete, positions=positions, wallets=wallets))

    def fill(self, name: str, size: str, price: str, *, subject: str = BTC, **fields: Any) -> list[Effect]:
        """A fill without fee."""
        base = self.fields(name, skip=fields.pop("skip", 0)) | fields
        trade = str(self.now_ns)
        return self.give(
            Fill(**base, instrument=subject, trade_id=trade, order_id="o", size=Decimal(size), fill_price=Decimal(price))
        )

    def heartbeat(self, count: int | None = None) -> list[Effect]:
        """The producer lives; `count` None: as many as it sent."""
        sent = self.sent if count is None else count
        return self.give(
            Heartbeat(
                source="desk",
                source_epoch=self.epoch,
                partition=0,
                count=sent,
                ts_event_ns=self.now_ns,
                ts_recv_ns=self.now_ns,
            )
        )

    def restart_producer(self) -> None:
        """The producer begins a new epoch and counts from 1."""
        self.epoch += 1
        self.sent = 0

    def table(self, table_key: TableKey, table: Table, *, at: float | None = None) -> list[Effect]:
        """A table in force from now, or from a time on, behind the one in force."""
        known = self.engine.tables.find(table_key)
        effective = 0 if at is None else START_NS + int(at * SECOND_NS)
        name = f"v{self.now_ns}-{effective}"
        version = TableVersion(version=name, effective_ns=effective, table=table, source="test")
        versions = (version,) if at is None or known is None else (known, version)
        return self.give(TableChanged(key=table_key, versions=versions, ts_recv_ns=self.now_ns))

    # ---- what is so

    def level(self, pool: str) -> Level | None:
        """The level of a pool by the part behind the venue."""
        status = self.engine.pool_status(f"{VENUE}:{pool}")
        assert status is not None, pool
        return status.level

    def certainty(self, name: str) -> Certainty:
        """The certainty of an account, or of a pool where the name holds a `/`."""
        if "/" in name:
            pool = self.engine.pool_status(f"{VENUE}:{name}")
            assert pool is not None
            return pool.certainty
        account = self.engine.account_status(f"{VENUE}:{name}")
        assert account is not None
        return account.certainty

    def levels_of(self, effects: list[Effect]) -> list[tuple[str, int | None, int | None]]:
        """The level changes among effects: pool behind the venue, old, new."""
        return [(one.pool.partition(":")[2], one.old, one.new) for one in effects if isinstance(one, LevelChanged)]

    def certainties_of(self, effects: list[Effect]) -> list[tuple[str, Certainty | DriverState, Certainty | DriverState]]:
        """The certainty changes among effects: subject, old, new."""
        return [(one.subject, one.old, one.new) for one in effects if isinstance(one, CertaintyChanged)]

    def refusals_of(self, effects: list[Effect]) -> list[tuple[str, str]]:
        """The refusals among effects: field, value."""
        return [(one.field, one.value) for one in effects if isinstance(one, InputRefused)]


def long_btc(size: str = "1", entry: str = "40000", **fields: Any) -> PositionState:
    """A BTC position in one-way mode."""
    return PositionState(
        instrument=BTC, position_side=PositionSide.BOTH, size=Decimal(size), entry_price=Decimal(entry), **fields
    )


def isolated_btc(size: str, wallet: str | None, entry: str = "40000") -> PositionState:
    """An isolated BTC position with its wallet."""
    told = None if wallet is None else Decimal(wallet)
    return long_btc(size, entry, margin_mode=MarginMode.ISOLATED, isolated_wallet=told)


def open_carol(table: Timetable, wallet: str = "5000") -> str:
    """carol: long 1 BTC at 40000 on 5000 USDT, at 40000 in NOTICE: buffer 12 %. Her cross pool."""
    table.price(BTC, 40_000.0)
    table.declare("carol")
    table.state("carol", wallet, long_btc())
    return "carol/cross/USDT"
