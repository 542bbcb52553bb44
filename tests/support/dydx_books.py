"""Random dYdX subaccounts with their markets, oracle prices and funding, and the cases that a pool of one stands in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from monitor.domain.account import AccountMode, MarginMode, PositionMode, PositionSide
from monitor.domain.holdings import AccountHoldings, PoolHoldings, Position
from monitor.domain.ids import DriverKey, DriverKind, subject_id
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.market_margin import LiquidationTerms, MarketMargin
from monitor.domain.report import PoolReport
from monitor.domain.tables import TableKind
from monitor.rules.tape import Piece, ScheduleKey
from tests.support.random_books import Book, around, order, put, tables_with_weights

VENUE = "dydx_v4"
MARKS = {"BTC-USD": "60000", "ETH-USD": "3000", "DOGE-USD": "0.2"}
RESOLUTIONS = {"BTC-USD": -10, "ETH-USD": -9, "DOGE-USD": -4}

# Sides, funding to get and to pay, net collateral of either sign, initial margin known or not (open orders).
CASES = 2 + 2 + 2 + 2


def cases_of(pool: PoolHoldings, report: PoolReport, schedules: dict[ScheduleKey, tuple[Piece, ...]]) -> Iterator[str]:
    """Which sides and signs a subaccount stands in, read off its holdings and parts."""
    yield from (f"{pool.kind.value} {position.side}" for position in report.positions)
    for part in report.parts:
        if part.name == "unsettled funding":
            yield "funding to get" if part.amount > 0 else "funding to pay"
    assert report.collateral_value is not None
    yield "above 0" if report.collateral_value > 0 else "below 0"
    yield "initial margin known" if report.initial_margin is not None else "initial margin not known"


def random_book(random: Random) -> Book:
    tables, prices = tables_with_weights(), {}
    for symbol, mark in MARKS.items():
        name = subject_id(VENUE, symbol)
        put(tables, VENUE, TableKind.INSTRUMENT, symbol, instrument(symbol))
        put(tables, VENUE, TableKind.MARKET_MARGIN, symbol, market(random, symbol))
        prices[DriverKey(DriverKind.MARK, name)] = around(random, mark)
        prices[DriverKey(DriverKind.FUNDING_INDEX, name)] = Decimal(random.randint(-1000, 1000))
    terms = LiquidationTerms(
        bankruptcy_adjustment=Decimal(1), spread_to_maintenance_ratio=Decimal("1.5"), max_liquidation_fee=Decimal("0.015")
    )
    put(tables, VENUE, TableKind.LIQUIDATION_TERMS, "all", terms)
    prices[DriverKey(DriverKind.ASSET_INDEX, subject_id(VENUE, "USDC"))] = around(random, "1")
    symbols = random.sample(sorted(MARKS), random.randint(0, 3))
    account = AccountHoldings(
        account=f"{VENUE}:desk",
        mode=AccountMode.SINGLE_CURRENCY,
        position_mode=PositionMode.ONE_WAY,
        wallets={"USDC": Decimal(random.randint(-50_000_000_007, 600_000_000_003)) / 1_000_000},
        positions=tuple(position(random, symbol) for symbol in symbols),
        orders=tuple(order(random, VENUE, symbol, Decimal(MARKS[symbol])) for symbol in symbols if random.random() < 0.15),
    )
    return Book(account, tables, prices)


def market(random: Random, symbol: str) -> MarketMargin:
    caps = random.random() < 0.5
    return MarketMargin(
        initial_margin_fraction=Decimal(random.randint(2, 20)) / 100,
        maintenance_fraction=Decimal(random.randint(4, 9)) / 10,
        base_quantum=Decimal(1).scaleb(RESOLUTIONS[symbol]),
        open_interest=Decimal(random.randint(0, 60_000_000)) if caps else None,
        lower_cap=Decimal(20_000_000) if caps else None,
        upper_cap=Decimal(50_000_000) if caps else None,
    )


def instrument(symbol: str) -> Instrument:
    return Instrument(
        instrument=subject_id(VENUE, symbol),
        kind=InstrumentKind.LINEAR_PERPETUAL,
        base=symbol.partition("-")[0],
        quote="USD",
        settle_asset="USDC",
        size_step=Decimal("0.0001"),
        price_step=Decimal("0.00001"),
    )


def position(random: Random, symbol: str) -> Position:
    usd = Decimal(random.randint(1_000, 400_000))
    size = random.choice((1, -1)) * ((usd / Decimal(MARKS[symbol])).quantize(Decimal("0.001")) + 1)
    settled = random.choice((None, Decimal(random.randint(-1000, 1000))))
    return Position(
        instrument=subject_id(VENUE, symbol),
        position_side=PositionSide.BOTH,
        margin_mode=MarginMode.CROSS,
        size=size,
        cost=size * around(random, MARKS[symbol]),
        funding_index=settled,
    )
