"""One engine with one account of a venue: tables, events and prices are told one by one."""

from __future__ import annotations

from typing import Any

from monitor.domain.account import AccountMode, PositionMode
from monitor.domain.events import AccountDeclared, AccountState, DriverDeclared, PositionState, ValuationStarted, WalletState
from monitor.domain.ids import DriverKey, venue_of
from monitor.domain.inputs import ClockAdvanced, PriceBatch
from monitor.domain.tables import Table, TableChanged, TableKey, TableKind, TableVersion
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, load_class_weights
from tests.support.engine_market import SECOND_NS, START_NS

TABLES = dict[tuple[TableKind, str], Table]


class OneAccount:
    """An engine that values, with the tables and drivers given; prices are told in the order of the drivers."""

    def __init__(self, account: str, drivers: tuple[DriverKey, ...], tables: TABLES) -> None:
        self.account = account
        self.engine = Engine(EngineSettings())
        self.now_ns = START_NS
        self.sequence = 0
        self.engine.process(ClockAdvanced(START_NS))
        for (kind, symbol), table in tables.items():
            self.table(symbol, kind, table)
        self.engine.process(TableChanged(key=CLASS_WEIGHTS_KEY, versions=(load_class_weights(),), ts_recv_ns=START_NS))
        for index, driver in enumerate(drivers):
            self.engine.process(DriverDeclared(index=index, key=driver))
        self.engine.process(ValuationStarted())

    def table(self, symbol: str, kind: TableKind, table: Table) -> None:
        version = TableVersion(version="v1", effective_ns=0, table=table)
        key = TableKey(venue_of(self.account), kind, symbol)
        self.engine.process(TableChanged(key=key, versions=(version,), ts_recv_ns=self.now_ns))

    def declare(self, mode: AccountMode) -> None:
        self.engine.process(AccountDeclared(**self.event(), mode=mode, position_mode=PositionMode.ONE_WAY))

    def state(self, wallets: tuple[WalletState, ...], positions: tuple[PositionState, ...]) -> None:
        self.engine.process(AccountState(**self.event(), complete=True, positions=positions, wallets=wallets))
        self.tick()

    def event(self) -> dict[str, Any]:
        self.now_ns += 1_000_000
        self.sequence += 1
        times = {"ts_event_ns": self.now_ns, "ts_recv_ns": self.now_ns}
        told = {"account": self.account, "event_id": f"e{self.sequence}", "source": "desk", "source_epoch": 1}
        return told | times | {"account_seq": self.sequence}

    def tick(self) -> None:
        self.now_ns += SECOND_NS // 10
        self.engine.process(ClockAdvanced(self.now_ns))

    def prices(self, *prices: float) -> None:
        batch = PriceBatch((("prices", 0),))
        for driver, price in enumerate(prices):
            batch.driver.append(driver)
            batch.price.append(price)
            batch.ts_event_ns.append(self.now_ns)
            batch.ts_recv_ns.append(self.now_ns)
            batch.lane.append(0)
            batch.offset_first.append(0)
            batch.offset_last.append(0)
            batch.count.append(1)
        self.engine.process(batch)
