"""A running book goes from the venue's brackets of 2024-10 to those of 2026-09, and back: only who is concerned is valued."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache

import pytest

from monitor.domain.account import AccountMode, PositionMode, PositionSide
from monitor.domain.certainty import Certainty
from monitor.domain.effects import Effect, LevelChanged, TableApplied
from monitor.domain.events import AccountDeclared, AccountState, DriverDeclared, PositionState, ValuationStarted, WalletState
from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.inputs import ClockAdvanced, PriceBatch
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.tables import LeverageBrackets, Table, TableChanged, TableKey, TableKind, TableVersion
from monitor.engine.core import Engine
from monitor.engine_settings import EngineSettings
from monitor.replay.brackets_file import BracketsFile
from monitor.rules.class_weights import CLASS_WEIGHTS_KEY, load_class_weights
from monitor.rules.rulebook import Missing, Rulebook, Tables
from monitor.rules.tape import Tape
from tests.support.requirements import shared_folder

VENUE = "binance_usdm"
OLD, NEW = "2024-10", "2026-09"
START_NS = 1_700_000_000 * 10**9

Brackets = Mapping[str, LeverageBrackets]
Compile = Callable[[Rulebook, PoolHoldings, Tables], Tape | Missing]


@cache
def brackets(month: str) -> Brackets:
    folder = shared_folder() / "data" / "risk_params" / "binance_um"
    return BracketsFile(folder / f"binance_leverage_tiers_{month}.json.zst").all().loaded


@cache
def places() -> Mapping[str, int]:
    """The symbols of both tables; an account is named by its symbol's place, since some are not in latin letters."""
    return {symbol: place for place, symbol in enumerate(sorted({*brackets(OLD), *brackets(NEW)}))}


def settle_of(symbol: str) -> str:
    pair = symbol.partition("_")[0]
    return next(coin for coin in ("USDT", "USDC", "BUSD", "USD1", "U") if pair.endswith(coin))


class Book:
    """One account a symbol, long 1,000 at 100."""

    def __init__(self, month: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine = Engine(EngineSettings())
        self.now_ns = START_NS
        self.month = month
        self.valued: Counter[str] = Counter()
        self.symbols = list(places())
        rulebook = self.engine.rulebook(VENUE)
        monkeypatch.setattr(type(rulebook), "compile", self._counting(type(rulebook).compile))
        self.engine.process(ClockAdvanced(START_NS))
        self.put(CLASS_WEIGHTS_KEY, load_class_weights().table, "weights")
        for symbol in self.symbols:
            self.put(TableKey(VENUE, TableKind.INSTRUMENT, symbol), instrument(symbol), "terms")
        for symbol, table in brackets(month).items():
            self.put(TableKey(VENUE, TableKind.LEVERAGE_BRACKETS, symbol), table, month)
        for index, symbol in enumerate(self.symbols):
            self.engine.process(DriverDeclared(index=index, key=DriverKey(DriverKind.MARK, f"{VENUE}:{symbol}")))
        self.engine.process(ValuationStarted())
        self.price()
        for symbol in self.symbols:
            self.open(symbol)
        self.tick()

    def _counting(self, inner: Compile) -> Compile:
        def compile_pool(rulebook: Rulebook, pool: PoolHoldings, tables: Tables) -> Tape | Missing:
            self.valued[pool.pool] += 1
            return inner(rulebook, pool, tables)

        return compile_pool

    def put(self, key: TableKey, table: Table | None, name: str) -> Sequence[Effect]:
        version = () if table is None else (TableVersion(version=name, effective_ns=self.now_ns, table=table, source=name),)
        return self.engine.process(TableChanged(key=key, versions=version, ts_recv_ns=self.now_ns))

    def tick(self) -> Sequence[Effect]:
        self.now_ns += 10**8
        return self.engine.process(ClockAdvanced(self.now_ns))

    def price(self, price: float = 100.0) -> Sequence[Effect]:
        batch = PriceBatch((("prices", 0),))
        for index in range(len(self.symbols)):
            for name, value in (("driver", index), ("price", price), ("lane", 0), ("offset_first", 0), ("offset_last", 0)):
                getattr(batch, name).append(value)
            batch.ts_event_ns.append(self.now_ns)
            batch.ts_recv_ns.append(self.now_ns)
            batch.count.append(1)
        return self.engine.process(batch)

    def open(self, symbol: str) -> None:
        account = account_of(symbol)
        fields = {"account": account, "ts_event_ns": self.now_ns, "ts_recv_ns": self.now_ns, "source": "s", "source_epoch": 1}
        self.engine.process(
            AccountDeclared(
                **fields,  # type: ignore[arg-type]
                account_seq=1,
                event_id="declared",
                mode=AccountMode.SINGLE_CURRENCY,
                position_mode=PositionMode.ONE_WAY,
            )
        )
        held = PositionState(
            instrument=f"{VENUE}:{symbol}", position_side=PositionSide.BOTH, size=Decimal(1000), entry_price=Decimal(100)
        )
        self.engine.process(
            AccountState(
                **fields,  # type: ignore[arg-type]
                account_seq=2,
                event_id="state",
                complete=True,
                positions=(held,),
                wallets=(WalletState(asset=settle_of(symbol), balance=Decimal(60_000)),),
            )
        )

    def switch(self, month: str) -> list[TableApplied]:
        """Every table of the other month, and the withdrawal of those that it no longer lists."""
        self.valued.clear()
        effects = []
        for symbol in sorted({*brackets(self.month), *brackets(month)}):
            key = TableKey(VENUE, TableKind.LEVERAGE_BRACKETS, symbol)
            effects += self.put(key, brackets(month).get(symbol), month)
        self.month = month
        return [effect for effect in effects if isinstance(effect, TableApplied)]


def instrument(symbol: str) -> Instrument:
    settle = settle_of(symbol)
    return Instrument(
        instrument=f"{VENUE}:{symbol}",
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base=symbol.partition("_")[0].removesuffix(settle),
        quote=settle,
        settle_asset=settle,
        size_step=Decimal("0.001"),
        price_step=Decimal("0.001"),
    )


def account_of(symbol: str) -> str:
    return f"{VENUE}:desk{places()[symbol]}"


def pool_of(symbol: str) -> str:
    return f"{account_of(symbol)}/cross/{settle_of(symbol)}"


@pytest.mark.parametrize(("old", "new", "vanishing", "new_ones"), [(OLD, NEW, 8, 566), (NEW, OLD, 566, 8)])
def test_a_switch_values_exactly_those_whose_brackets_differ(
    old: str, new: str, vanishing: int, new_ones: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(old, monkeypatch)
    before, after = brackets(old), brackets(new)
    vanished, arriving = set(before) - set(after), set(after) - set(before)
    differing = {symbol for symbol in set(before) & set(after) if before[symbol] != after[symbol]}
    equal = set(before) & set(after) - differing
    assert (len(differing), len(equal), len(vanished), len(arriving)) == (298, 42, vanishing, new_ones)

    applied = book.switch(new)
    assert len(applied) == len(before) + len(arriving)
    assert sum(effect.pools for effect in applied) == len(differing) + len(vanished)
    assert book.valued == Counter({pool_of(symbol): 1 for symbol in differing | vanished})
    assert {effect.version for effect in applied} == {new, ""}

    # What came where nothing was is seen at the clock, once for all.
    book.valued.clear()
    book.tick()
    assert {pool_of(symbol) for symbol in arriving} <= set(book.valued)
    assert not set(book.valued) & {pool_of(symbol) for symbol in differing | equal}
    for symbol in book.symbols:
        status = book.engine.pool_status(pool_of(symbol))
        assert status is not None
        if symbol in after:
            assert status.certainty is Certainty.FRESH, status
        else:
            assert status.certainty is Certainty.UNKNOWN
            assert status.certainty_reasons == (f"table {VENUE}/leverage_brackets/{symbol} not loaded",)


def test_there_and_back_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(OLD, monkeypatch)
    figures = {symbol: book.engine.pool_status(pool_of(symbol)) for symbol in brackets(OLD)}
    book.switch(NEW)
    differing = sum(book.engine.pool_status(pool_of(symbol)) != status for symbol, status in figures.items())
    assert differing > 100
    book.switch(OLD)
    book.tick()
    for symbol, status in figures.items():
        now = book.engine.pool_status(pool_of(symbol))
        assert now is not None
        assert status is not None
        assert now.maintenance_margin == status.maintenance_margin, symbol


def test_a_version_that_says_the_same_is_told_and_values_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(OLD, monkeypatch)
    key = TableKey(VENUE, TableKind.LEVERAGE_BRACKETS, "BTCUSDT")
    book.valued.clear()
    applied = [effect for effect in book.put(key, brackets(OLD)["BTCUSDT"], "renamed") if isinstance(effect, TableApplied)]
    assert [(effect.version, effect.pools) for effect in applied] == [("renamed", 0)]
    assert not book.valued
    changes = [effect for effect in book.price(43.0) if isinstance(effect, LevelChanged)]
    told = {effect.pool: effect.table_version for effect in changes}
    assert told[pool_of("BTCUSDT")] == "renamed"
    assert told[pool_of("ETHUSDT")] == OLD
