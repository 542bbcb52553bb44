"""Each figure of the venue beside ours, with the sentence that the screen shows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.double_entry import ComparedFigure, VenueReported
from monitor.domain.report import PoolReport
from monitor.rules.double_entry.digits import Residual, last_unit, residual
from monitor.rules.double_entry.moments import apart, clock_time
from monitor.rules.double_entry.names import known_names, ours_of

HOLDS_ISOLATED = "the venue counts isolated positions in"


def compared_figures(
    report: PoolReport, said: VenueReported, as_of_ns: int | None, *, has_isolated: bool
) -> Iterator[ComparedFigure]:
    """The venue's figures in the order in which it told them. Their names must be known."""
    names = known_names(report)
    other_moment = apart(said.at_ns, as_of_ns)
    for name, printed in said.figures.items():
        ours = ours_of(report, name)
        reason = other_moment
        if ours is None:
            reason = f"ours is unknown: {_why_unknown(report, name)}"
        elif names[name].with_isolated and has_isolated:
            reason = HOLDS_ISOLATED
        yield compared_figure(name, ours, printed, said.at_ns, reason)


def compared_figure(
    name: str,
    ours: Decimal | None,
    printed: Decimal,
    at_ns: int,
    reason: str | None,
    slack: Decimal | None = None,
) -> ComparedFigure:
    """One figure; with a `reason` for which it cannot be compared both numbers stand there and nothing follows from them."""
    if ours is None or reason is not None:
        shown = "unknown" if ours is None else f"{residual(ours, printed).ours_printed:f}"
        sentence = f"ours {shown}, venue {printed:f} at {clock_time(at_ns)}, not compared: {reason}"
        unit = last_unit(printed)
        return ComparedFigure(
            figure=name,
            ours=ours,
            venue=printed,
            residual=None,
            tolerance=unit,
            agrees=None,
            sentence=sentence,
            reason=reason,
        )
    found = residual(ours, printed, slack)
    return ComparedFigure(
        figure=name,
        ours=ours,
        venue=printed,
        residual=found.amount,
        tolerance=found.tolerance,
        agrees=found.agrees,
        sentence=f"ours {found.ours_printed:f}, venue {printed:f} at {clock_time(at_ns)}, {_verdict(found)}",
    )


def _verdict(found: Residual) -> str:
    if found.is_exact:
        return "agrees to the last digit"
    if found.agrees:
        return "agrees within one unit of the last digit" if found.tolerance == found.unit else "agrees within rounding"
    return f"differs by {found.units:f} units of the last digit"


def _why_unknown(report: PoolReport, name: str) -> str:
    if report.figures_reason is not None:
        return report.figures_reason
    if name == "margin_ratio" and report.margin_ratio_reason is not None:
        return report.margin_ratio_reason
    return report.initial_margin_reason or "our rules do not print it"
