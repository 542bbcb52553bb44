"""A portfolio in the running engine: scenarios move with the marks, and with the tables of the house at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitor.domain.account import AccountMode, PositionSide
from monitor.domain.certainty import Certainty
from monitor.domain.events import AccountState, PositionState, WalletState
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.instrument import Instrument, InstrumentKind
from monitor.domain.level import Level
from monitor.domain.scenario_tables import RiskClass, Scenario, ScenarioGrid
from monitor.domain.tables import BorrowTier, BorrowTiers, CollateralTier, CollateralTiers, TableKind
from tests.support.one_account import TABLES, OneAccount

ACCOUNT, BTC = "generic_portfolio:fund", "generic_portfolio:BTC-PERP"
POOL = f"{ACCOUNT}/cross"
DRIVERS = (DriverKey(DriverKind.MARK, BTC), DriverKey(DriverKind.ASSET_INDEX, "generic_portfolio:USD"))
D = Decimal


def grid(*moves: str) -> ScenarioGrid:
    return ScenarioGrid(scenarios=tuple(Scenario(name=move, move=D(move)) for move in moves))


def risk_class(rate: str) -> RiskClass:
    return RiskClass(grid="ladder", scan_rate=D(rate))


class Desk(OneAccount):
    """Long 10 at 100 over 500 USD, scanned by 10 % both ways."""

    def __init__(self) -> None:
        free = BorrowTier(floor=D(0), cap=None, maintenance_margin_rate=D(0), initial_margin_rate=D(0))
        tables: TABLES = {
            (TableKind.INSTRUMENT, "BTC-PERP"): Instrument(
                instrument=BTC,
                kind=InstrumentKind.LINEAR_PERPETUAL,
                base="BTC",
                quote="USD",
                settle_asset="USD",
                size_step=D("0.001"),
                price_step=D("0.1"),
            ),
            (TableKind.COLLATERAL_TIERS, "USD"): CollateralTiers(tiers=(CollateralTier(floor=D(0), cap=None, ratio=D(1)),)),
            (TableKind.BORROW_TIERS, "USD"): BorrowTiers(tiers=(free,)),
            (TableKind.SCENARIO_GRID, "ladder"): grid("-1", "1"),
            (TableKind.RISK_CLASS, "BTC"): risk_class("0.1"),
        }
        super().__init__(ACCOUNT, DRIVERS, tables)
        self.declare(AccountMode.PORTFOLIO)
        held = PositionState(instrument=BTC, position_side=PositionSide.BOTH, size=D(10), entry_price=D(100))
        self.state((WalletState(asset="USD", balance=D(500)),), (held,))

    def figures(self) -> tuple[float | None, float | None, Level | None]:
        status = self.engine.pool_status(POOL)
        assert status is not None
        return status.collateral_value, status.maintenance_margin, status.level


def test_scenarios_move_with_the_mark() -> None:
    desk = Desk()
    desk.prices(100.0, 1.0)
    desk.tick()
    assert desk.figures()[:2] == (500, pytest.approx(100))
    desk.prices(60.0, 1.0)
    assert desk.figures() == (pytest.approx(100), pytest.approx(60), Level.WARNING)
    desk.prices(54.0, 1.0)
    assert desk.figures() == (pytest.approx(40), pytest.approx(54), Level.LIQUIDATION)


@pytest.mark.parametrize(
    ("kind", "symbol", "table"),
    [
        (TableKind.RISK_CLASS, "BTC", risk_class("0.2")),
        (TableKind.SCENARIO_GRID, "ladder", grid("-2", "1")),
    ],
)
def test_a_table_that_no_driver_names_revalues_its_pools(kind: TableKind, symbol: str, table: RiskClass | ScenarioGrid) -> None:
    desk = Desk()
    desk.prices(100.0, 1.0)
    desk.tick()
    desk.table(symbol, kind, table)
    assert desk.figures()[1] == pytest.approx(200)


def test_margin_that_only_the_venue_can_tell_counts_at_once_and_stays() -> None:
    desk = Desk()
    desk.prices(100.0, 1.0)
    desk.tick()
    desk.engine.process(AccountState(**desk.event(), complete=False, venue_given={"other_maintenance_margin": D(150)}))
    desk.tick()
    assert desk.figures()[1] == pytest.approx(250)
    desk.engine.process(AccountState(**desk.event(), complete=False))
    desk.tick()
    assert desk.figures()[1] == pytest.approx(250)
    desk.engine.process(AccountState(**desk.event(), complete=False, venue_given={"guess": D(1)}))
    desk.tick()
    status = desk.engine.pool_status(POOL)
    assert status is not None
    assert (status.certainty, status.maintenance_margin) == (Certainty.UNKNOWN, None)
    assert any(reason.startswith("guess is no figure of") for reason in status.certainty_reasons)
