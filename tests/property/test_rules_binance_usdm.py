"""What must hold of the rules whatever the account: liquidation prices lie on the trigger, parts add up, collateral helps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.domain.holdings import PoolHoldings
from monitor.domain.ids import DriverKey, DriverKind
from monitor.domain.level import Level
from monitor.domain.profile import DESK
from monitor.domain.report import PoolReport
from monitor.rules.exact import exact
from monitor.rules.levels import headroom, masks, top_up
from monitor.rules.registry import rulebook_of
from monitor.rules.rulebook import Missing, PoolFigures
from tests.support.binance_books import VENUE, Book, books

PROPERTY = settings(
    max_examples=200, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def figures_at(book: Book, pool: PoolHoldings, moved: dict[DriverKey, Decimal] | None = None) -> PoolFigures:
    prices = book.prices | (moved or {})
    figures = rulebook_of(VENUE).figures(pool, book.tables, prices.get)
    assert not isinstance(figures, Missing)
    return figures


def report_of(book: Book, pool: PoolHoldings) -> PoolReport:
    return rulebook_of(VENUE).report(pool, book.tables, book.price)


def mark(instrument: str) -> DriverKey:
    return DriverKey(DriverKind.MARK, instrument)


@PROPERTY
@given(books())
def test_a_liquidation_price_lies_on_the_trigger_and_none_is_nearer(book: Book) -> None:
    for pool in rulebook_of(VENUE).pools(book.account, book.tables):
        now = headroom(figures_at(book, pool))
        for position in report_of(book, pool).positions:
            price, mark_price = position.liquidation_price, position.mark_price
            assert mark_price is not None
            if price is None:
                assert position.liquidation_price_reason == ("already" if now <= 0 else "none")
                continue
            assert now > 0
            driver = mark(position.instrument)
            at_price = headroom(figures_at(book, pool, {driver: price}))
            # The price has 24 digits: what is left of the headroom there is far below any tick.
            assert abs(at_price) <= Decimal("1e-9") * (1 + abs(now) + price)
            mirrored = max(2 * mark_price - price, Decimal("1e-9"))
            for share in (Decimal("0.1"), Decimal("0.5"), Decimal("0.9")):
                for target in (price, mirrored):
                    between = mark_price + (target - mark_price) * share
                    assert headroom(figures_at(book, pool, {driver: between})) > 0


@PROPERTY
@given(books())
def test_positions_of_one_instrument_in_a_pool_share_one_price(book: Book) -> None:
    for pool in rulebook_of(VENUE).pools(book.account, book.tables):
        seen: dict[str, Decimal | None] = {}
        for position in report_of(book, pool).positions:
            assert seen.setdefault(position.instrument, position.liquidation_price) == position.liquidation_price


@PROPERTY
@given(books())
def test_the_parts_of_a_figure_add_up_to_it(book: Book) -> None:
    for pool in rulebook_of(VENUE).pools(book.account, book.tables):
        report = report_of(book, pool)
        for figure in ("collateral_value", "maintenance_margin", "initial_margin"):
            whole = getattr(report, figure)
            if whole is not None:
                with exact():
                    assert sum((p.amount for p in report.parts if p.figure == figure), Decimal(0)) == whole


@PROPERTY
@given(books(), st.decimals(min_value="0.01", max_value="100000", places=2))
def test_more_collateral_never_worsens_a_pool(book: Book, added: Decimal) -> None:
    for pool in rulebook_of(VENUE).pools(book.account, book.tables):
        for asset, balance in pool.wallets.items():
            richer = replace(pool, wallets=pool.wallets | {asset: balance + added})
            assert headroom(figures_at(book, richer)) > headroom(figures_at(book, pool))


@PROPERTY
@given(books())
def test_the_top_up_takes_every_switch_off_and_nothing_less_does(book: Book) -> None:
    for pool in rulebook_of(VENUE).pools(book.account, book.tables):
        figures = figures_at(book, pool)
        needed = top_up(figures, DESK.cross, Level.LIQUIDATION)
        with exact():
            paid = replace(figures, collateral_value=figures.collateral_value + needed)
            less = replace(figures, collateral_value=figures.collateral_value + needed - Decimal("2e-8"))
        assert masks(paid, DESK.cross)[1] == 0
        assert needed == 0 or masks(less, DESK.cross)[1] != 0
