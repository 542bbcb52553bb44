"""The whole comparison of one pool."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from monitor.domain.double_entry import ComparedFigure, DoubleEntry, Leader, PartDifference, VenueReported
from monitor.domain.holdings import PoolHoldings
from monitor.domain.report import PoolReport
from monitor.rules.double_entry.figures import compared_figures
from monitor.rules.double_entry.moments import apart, moment
from monitor.rules.double_entry.names import Role, reported, require_known
from monitor.rules.double_entry.parts import differing_parts
from monitor.rules.exact import exact, quotient, shown


def compare(
    report: PoolReport,
    said: VenueReported,
    as_of_ns: int | None,
    pool: PoolHoldings,
    wallets: Mapping[str, Decimal],
    *,
    has_isolated: bool = False,
) -> DoubleEntry:
    """The pool's report beside the venue's words.

    `as_of_ns` is the moment of the report (None: that of the venue's words), `wallets` the whole balances of the account,
    `has_isolated` whether the account holds isolated positions beside the pool. Raises `BadInput` for a name that is none.
    """
    require_known(report, said.figures)
    figures = tuple(compared_figures(report, said, as_of_ns, has_isolated=has_isolated))
    reason = apart(said.at_ns, as_of_ns)
    differs = () if reason is not None else differing_parts(report, said, figures, pool, wallets)
    verdicts = [figure.agrees for figure in figures if figure.agrees is not None]
    agrees = None if not verdicts and not differs else all(verdicts) and not differs
    if agrees is None and reason is None:
        reason = next((figure.reason for figure in figures if figure.reason is not None), "the venue reported no figure")
    ratio = venue_ratio(report, said.figures, has_isolated=has_isolated)
    is_lead = apart(said.at_ns, as_of_ns) is None and not report.verified and (bool(verdicts) or ratio is not None)
    return DoubleEntry(
        at=moment(said.at_ns),
        agrees=agrees,
        sentence=_sentence(figures, differs, reason),
        figures=figures,
        differs=differs,
        leads=Leader.VENUE if is_lead else Leader.OURS,
        venue_margin_ratio=ratio,
        reason=reason,
    )


def venue_ratio(report: PoolReport, figures: Mapping[str, Decimal], *, has_isolated: bool) -> Decimal | None:
    """The venue's margin ratio in our direction: as it told it, else from its margin and collateral by our pool's trigger."""
    told = reported(report, figures, Role.MARGIN_RATIO, has_isolated=has_isolated)
    if told is not None:
        return told
    collateral = reported(report, figures, Role.COLLATERAL_VALUE, has_isolated=has_isolated)
    margin = reported(report, figures, Role.MAINTENANCE_MARGIN, has_isolated=has_isolated)
    ours = (report.margin_ratio, report.collateral_value, report.maintenance_margin)
    if collateral is None or margin is None or collateral <= 0 or not all(ours):
        return None
    ratio, our_collateral, our_margin = (figure or Decimal(0) for figure in ours)
    with exact():
        required, available = ratio * our_collateral * margin, our_margin * collateral
    return shown(quotient(required, available))


def _sentence(figures: tuple[ComparedFigure, ...], differs: tuple[PartDifference, ...], reason: str | None) -> str:
    apart_first = sorted(figures, key=lambda figure: figure.agrees is not False)
    told = [f"{figure.figure}: {figure.sentence}" for figure in apart_first[:1]] or ([reason] if reason else [])
    return "; ".join([*told, *(str(part) for part in differs[:1])])
