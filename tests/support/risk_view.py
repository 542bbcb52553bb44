"""A book for tests of readers: real margin rules over holdings and prices that the test sets, levels by the exact reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from monitor.book.ratios import ratios
from monitor.book.status import AccountStatus, Counters, DriverStatus, PoolStatus
from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.certainty import Certainty, DriverState
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, account_of, venue_of
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.level import Level
from monitor.domain.profile import DESK, SwitchSet
from monitor.domain.tables import Bracket, LeverageBrackets, TableKey, TableKind, TableVersion
from monitor.rules.class_weights import load_class_weights
from monitor.rules.levels import reference_level
from monitor.rules.registry import rulebook_of
from monitor.rules.rulebook import Missing, PoolFigures, Rulebook
from monitor.rules.tables import TableSet

VENUE = "binance_usdm"
START_NS = 1_790_000_000_000_000_000
SECOND_NS = 1_000_000_000


@dataclass
class FakeClock:
    """A clock that stands still until it is moved."""

    ns: int = START_NS

    def now_ns(self) -> int:
        return self.ns


@dataclass
class FakeAccount:
    """What the test says of one account."""

    holdings: AccountHoldings
    entity: str | None
    certainty: Certainty = Certainty.FRESH
    reasons: tuple[str, ...] = ()
    venue_ratios: dict[str, float] = field(default_factory=dict)


class FakeRiskView:
    """A `RiskView` that the test drives: `price` moves a mark, `value` decides every level anew as the book would."""

    def __init__(self) -> None:
        self.seq = 0
        self.now_ns = START_NS
        self.is_valuing = True
        self.counters = Counters()
        self.tables = TableSet()
        self.tables.put(TableKey("marginwatch", TableKind.CLASS_WEIGHTS, "all"), load_class_weights())
        self.accounts: dict[str, FakeAccount] = {}
        self.levels: dict[str, tuple[Level | None, int]] = {}
        self.drivers: dict[DriverKey, tuple[Decimal, int]] = {}
        self.stale: set[DriverKey] = set()
        self.set_price(DriverKey(DriverKind.ASSET_INDEX, f"{VENUE}:USDT"), "0.9998")

    # ---- what the test does

    def add_instrument(self, symbol: str, mark: str, rate: str = "0.005") -> None:
        """List a linear perpetual settled in USDT, with two brackets."""
        self._put(TableKind.INSTRUMENT, symbol, _instrument(symbol))
        self._put(TableKind.LEVERAGE_BRACKETS, symbol, _brackets(Decimal(rate)))
        self.set_price(DriverKey(DriverKind.MARK, f"{VENUE}:{symbol}"), mark)

    def add_account(self, name: str, wallet: str, positions: dict[str, tuple[str, str]], entity: str | None = None) -> str:
        """An account in single-asset mode; positions are `symbol: (signed size, entry price)`, cross, at leverage 20."""
        account = f"{VENUE}:{name}"
        held = tuple(
            Position(
                instrument=f"{VENUE}:{symbol}",
                position_side=PositionSide.BOTH,
                margin_mode=MarginMode.CROSS,
                size=Decimal(size),
                cost=Decimal(size) * Decimal(entry),
                leverage=Decimal(20),
            )
            for symbol, (size, entry) in sorted(positions.items())
        )
        holdings = AccountHoldings(
            account=account,
            mode=AccountMode.SINGLE_CURRENCY,
            position_mode=PositionMode.ONE_WAY,
            wallets={"USDT": Decimal(wallet)},
            positions=held,
        )
        self.accounts[account] = FakeAccount(holdings, entity)
        return account

    def set_price(self, key: DriverKey, price: str) -> None:
        self.drivers[key] = (Decimal(price), self.now_ns)
        self.seq += 1

    def set_mark(self, symbol: str, price: str) -> None:
        self.set_price(DriverKey(DriverKind.MARK, f"{VENUE}:{symbol}"), price)

    def value(self) -> None:
        """Decide the level of every pool at the prices now."""
        for account in self.accounts.values():
            for pool in self._pools(account):
                before = self.levels.get(pool.pool, (None, 0))[0]
                figures = self._figures(pool)
                after = before if figures is None else reference_level(figures, DESK.cross, before)
                if after is not before:
                    self.levels[pool.pool] = (after, self.now_ns)

    # ---- what readers ask

    def account_ids(self) -> list[str]:
        return sorted(self.accounts)

    def account_status(self, account: str) -> AccountStatus | None:
        known = self.accounts.get(account)
        if known is None:
            return None
        pools = tuple(pool.pool for pool in self._pools(known))
        figures = [self._figures(pool) for pool in self._pools(known)]
        equity = None if None in figures else sum(float(found.collateral_value) for found in figures if found)
        return AccountStatus(
            account=account,
            venue=venue_of(account),
            mode=known.holdings.mode.value,
            position_mode=known.holdings.position_mode.value,
            entity=known.entity,
            owner=None,
            profile="desk",
            tags={},
            certainty=known.certainty,
            certainty_reasons=known.reasons,
            certainty_since_ns=START_NS,
            source=f"{VENUE}:stream",
            last_event_recv_ns=self.now_ns,
            last_agreed_ns=self.now_ns,
            equity_usd=equity,
            pools=pools,
        )

    def account_statuses(self) -> list[AccountStatus]:
        return [status for account in self.account_ids() if (status := self.account_status(account)) is not None]

    def pool_status(self, pool: str) -> PoolStatus | None:
        account = self.accounts.get(account_of(pool))
        holdings = self.pool_holdings(pool)
        if account is None or holdings is None:
            return None
        figures = self._figures(holdings)
        level, since = self.levels.get(pool, (None, 0))
        stale = [key for key in self._keys(holdings) if key in self.stale]
        certainty = (
            Certainty.UNKNOWN if figures is None else max(account.certainty, Certainty.STALE if stale else Certainty.FRESH)
        )
        margin, collateral, stress = (
            (float(figures.maintenance_margin), float(figures.collateral_value), float(figures.stress_notional))
            if figures
            else (0.0, 0.0, 0.0)
        )
        printed = ratios(collateral, margin, stress, figures.trigger) if figures and self.is_valuing else None
        unit = 0.9998
        return PoolStatus(
            pool=pool,
            account=account.holdings.account,
            venue=venue_of(pool),
            level=level if self.is_valuing else None,
            level_since_ns=since,
            certainty=certainty,
            certainty_reasons=(*account.reasons, *(f"{key} is stale" for key in stale)),
            is_empty=holdings.is_empty,
            margin_currency="USDT",
            collateral_value=collateral if printed else None,
            maintenance_margin=margin if printed else None,
            initial_margin=float(figures.initial_margin or 0) if figures and printed else None,
            stress_notional=stress if printed else None,
            headroom=printed.headroom if printed else None,
            margin_ratio=printed.margin_ratio if printed else None,
            margin_ratio_reason=printed.margin_ratio_reason if printed else "not_valued",
            buffer_ratio=printed.buffer_ratio if printed else None,
            buffer_ratio_reason=printed.buffer_ratio_reason if printed else "not_valued",
            unit_price=unit,
            headroom_usd=printed.headroom * unit if printed else None,
            headroom_usd_reason=None if printed else "not_valued",
            inputs_recv_ns=min((self.drivers[key][1] for key in self._keys(holdings) if key in self.drivers), default=None),
            venue_margin_ratio=account.venue_ratios.get(pool),
            venue_residual_ratio=0.0 if figures else None,
        )

    def driver_statuses(self) -> list[DriverStatus]:
        return [
            DriverStatus(
                index=index,
                key=key,
                state=DriverState.STALE if key in self.stale else DriverState.LIVE,
                price=float(price),
                ts_event_ns=received,
                ts_recv_ns=received,
                holders=1,
            )
            for index, (key, (price, received)) in enumerate(self.drivers.items())
        ]

    def holdings(self, account: str) -> AccountHoldings:
        return self.accounts[account].holdings

    def pool_holdings(self, pool: str) -> PoolHoldings | None:
        account = self.accounts.get(account_of(pool))
        return next((held for held in self._pools(account) if held.pool == pool), None) if account else None

    def price(self, key: DriverKey) -> Decimal | None:
        found = self.drivers.get(key)
        return found[0] if found else None

    def rulebook(self, venue: str) -> Rulebook:
        return rulebook_of(venue)

    def switch_set(self, pool: str) -> SwitchSet:
        return DESK.cross

    # ---- inside

    def _pools(self, account: FakeAccount) -> tuple[PoolHoldings, ...]:
        return rulebook_of(venue_of(account.holdings.account)).pools(account.holdings, self.tables)

    def _keys(self, holdings: PoolHoldings) -> list[DriverKey]:
        return [DriverKey(DriverKind.MARK, position.instrument) for position in holdings.positions]

    def _figures(self, holdings: PoolHoldings) -> PoolFigures | None:
        found = rulebook_of(venue_of(holdings.pool)).figures(holdings, self.tables, self.price)
        return None if isinstance(found, Missing) else found

    def _put(self, kind: TableKind, symbol: str, table: Instrument | LeverageBrackets) -> None:
        version = TableVersion(version="test-1", effective_ns=0, table=table, source="a test")
        self.tables.put(TableKey(VENUE, kind, symbol), version)


def _instrument(symbol: str) -> Instrument:
    return Instrument(
        instrument=f"{VENUE}:{symbol}",
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        settle_asset="USDT",
        size_step=Decimal("0.001"),
        price_step=Decimal("0.01"),
    )


def _brackets(rate: Decimal) -> LeverageBrackets:
    floor = Decimal(1_000_000)
    return LeverageBrackets(
        brackets=(
            Bracket(
                floor=Decimal(0), cap=floor, maintenance_margin_rate=rate, deduction=Decimal(0), initial_leverage=Decimal(50)
            ),
            Bracket(
                floor=floor, cap=None, maintenance_margin_rate=2 * rate, deduction=floor * rate, initial_leverage=Decimal(20)
            ),
        )
    )
