"""The report of accounts at live prices: the rules' figures with their parts, and the level and ratios that the book holds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.analytics.view import AccountView, RiskView
from monitor.book.status import AccountStatus, PoolStatus
from monitor.domain.errors import BadInput
from monitor.domain.holdings import PoolHoldings
from monitor.domain.level import Level, level_label
from monitor.domain.report import AccountReport, PoolReport, PositionReport
from monitor.rules.levels import top_up
from monitor.rules.rulebook import Missing

NOT_OPENED = "account_not_opened"


def account_reports(view: RiskView) -> list[AccountReport]:
    """All accounts in order of their ids. The same state gives the same reports, so a replay prints what the API would."""
    return [account_report(view, account) for account in view.account_ids()]


def account_report(view: AccountView, account: str) -> AccountReport:
    """One account with its pools in order of their ids; raises `BadInput` when there is no such account."""
    status = view.account_status(account)
    if status is None:
        raise BadInput("no such account", field="account", value=account)
    pools = (view.pool_status(pool) for pool in sorted(status.pools))
    return replace(account_heading(view, status), pools=tuple(pool_report(view, pool) for pool in pools if pool is not None))


def account_heading(view: AccountView, status: AccountStatus) -> AccountReport:
    """The account without its pools."""
    wallets = view.holdings(status.account).wallets
    return AccountReport(
        account=status.account,
        venue=status.venue,
        mode=status.mode,
        position_mode=status.position_mode,
        entity=status.entity,
        owner=status.owner,
        profile=status.profile,
        certainty=status.certainty.name.lower(),
        certainty_reasons=status.certainty_reasons,
        wallets={asset: wallets[asset] for asset in sorted(wallets)},
    )


def pool_report(view: AccountView, status: PoolStatus) -> PoolReport:
    """One pool: amounts, parts and positions as the rules value them, level, certainty and ratios as the book holds them.

    Margins and collateral are the rules' exact decimals; ratios are the book's printed ones, so that the report, an alert and
    a decision line of a replay show the same digits.
    """
    holdings = view.pool_holdings(status.pool)
    if holdings is None:
        return _with_status(_unopened(status), status)
    report = view.rulebook(status.venue).report(holdings, view.tables, view.price)
    return replace(
        _with_status(report, status),
        liquidation_distance_ratio=liquidation_distance(report),
        top_up_to_ok=_top_up(view, status, holdings),
    )


def liquidation_distance(report: PoolReport) -> Decimal | None:
    """The smallest relative move of one mark price, all others fixed, that reaches the venue's trigger; 0 when it is reached.

    None when no position has a liquidation price above 0, or no figure can be had.
    """
    if report.liquidation_distance_ratio is not None:
        return report.liquidation_distance_ratio
    if any(position.liquidation_price_reason == "already" for position in report.positions):
        return Decimal(0)
    distances = [distance for position in report.positions if (distance := _distance(position)) is not None]
    return min(distances, default=None)


def hurts_most(report: PoolReport) -> PositionReport | None:
    """The position with the lowest unrealised PnL less its maintenance margin; None when no position has both figures."""
    rated = [position for position in report.positions if position.unrealised_pnl is not None]
    return min(rated, key=lambda position: (_burden(position), position.instrument, position.side), default=None)


def decimal_of(value: float | None) -> Decimal | None:
    """A figure of the book as printed: the shortest decimal that reads back as the same float."""
    return None if value is None else Decimal(repr(value))


def _burden(position: PositionReport) -> Decimal:
    return (position.unrealised_pnl or Decimal(0)) - (position.maintenance_margin or Decimal(0))


def _distance(position: PositionReport) -> Decimal | None:
    if position.liquidation_price is None or not position.mark_price:
        return None
    return abs(position.liquidation_price - position.mark_price) / position.mark_price


def _with_status(report: PoolReport, status: PoolStatus) -> PoolReport:
    return replace(
        report,
        level=level_label(status.level),
        certainty=status.certainty.name.lower(),
        certainty_reasons=status.certainty_reasons,
        margin_ratio=decimal_of(status.margin_ratio),
        margin_ratio_reason=status.margin_ratio_reason,
        buffer_ratio=decimal_of(status.buffer_ratio),
        buffer_ratio_reason=status.buffer_ratio_reason,
        headroom_usd=decimal_of(status.headroom_usd),
        headroom_usd_reason=status.headroom_usd_reason,
        venue_figures={name: Decimal(status.venue_figures[name]) for name in sorted(status.venue_figures)},
        double_entry=status.double_entry,
    )


def _unopened(status: PoolStatus) -> PoolReport:
    return PoolReport(
        pool=status.pool,
        kind=status.pool.split("/")[1],
        level=level_label(status.level),
        certainty=status.certainty.name.lower(),
        margin_currency=status.margin_currency,
        figures_reason=NOT_OPENED,
    )


def _top_up(view: AccountView, status: PoolStatus, holdings: PoolHoldings) -> Decimal | None:
    """None while the pool has no level or no figures: unknown is not "nothing to pay in"."""
    if status.level is None:
        return None
    if status.level is Level.OK:
        return Decimal(0)
    figures = view.rulebook(status.venue).figures(holdings, view.tables, view.price)
    if isinstance(figures, Missing):
        return None
    return top_up(figures, view.switch_set(status.pool), status.level)
