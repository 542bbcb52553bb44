"""Double entry of the running engine: the venue's figures beside ours at the marks of the venue's own answer.

What the answer does not hold (asset indices) may have stood at our last price or the one before it, so ours is a range: inside
it the two agree, outside ours is shown at its last prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.book.accounts import Watched
from monitor.book.pool_entry import PoolEntry
from monitor.domain.double_entry import ComparedFigure, DoubleEntry, Leader, PartDifference
from monitor.domain.events import VenueFigures
from monitor.domain.ids import venue_of
from monitor.domain.report import PoolReport
from monitor.engine.agreement import PRINTED_TOLERANCE, earlier_prices, prices_of
from monitor.engine.world import World
from monitor.rules.double_entry.figures import compared_figure
from monitor.rules.double_entry.moments import moment
from monitor.rules.double_entry.names import Role, known_names
from monitor.rules.double_entry.parts import MISSING_CASH, MISSING_FILL, SETTING, differing_totals
from monitor.rules.ladder import Ladder
from monitor.rules.pool_report import known_report
from monitor.rules.rulebook import Missing

_HINTS = {"size": MISSING_FILL, "entry_price": MISSING_FILL, "wallet": MISSING_CASH, "isolated_wallet": SETTING}


def double_entry(world: World, watched: Watched, entry: PoolEntry, said: VenueFigures) -> DoubleEntry | None:
    """The comparison of one answer; None when ours cannot be had or the answer holds nothing that is ours to compare."""
    reports = _reports(world, entry, said)
    if not reports:
        return None
    figures = tuple(_compared(reports, said))
    if not figures:
        return None
    agrees = all(figure.agrees for figure in figures)
    differs = () if agrees else (*_ledger_parts(world, watched), *differing_totals(reports[0], figures))
    chosen = next((figure for figure in figures if not figure.agrees), figures[0])
    parts = [str(part) for part in differs[:1]]
    return DoubleEntry(
        at=moment(said.ts_event_ns),
        agrees=agrees,
        sentence="; ".join([f"{chosen.figure}: {chosen.sentence}", *parts]),
        figures=figures,
        differs=differs,
        leads=Leader.OURS if entry.verified else Leader.VENUE,
        venue_margin_ratio=said.margin_ratio,
    )


def _reports(world: World, entry: PoolEntry, said: VenueFigures) -> list[PoolReport]:
    """Ours at the last prices, then at those before; without what only a person reads."""
    rulebook = world.rulebook(venue_of(entry.account))
    found = []
    for prices in (prices_of(said, world.drivers.exact_price), prices_of(said, earlier_prices(world))):
        figures = rulebook.figures(entry.holdings, world.tables, prices)
        if not isinstance(figures, Missing):
            found.append(known_report(entry.holdings, figures, (), Ladder(trigger=""), (), prices))
    return found


def _compared(reports: list[PoolReport], said: VenueFigures) -> Iterator[ComparedFigure]:
    for name, role, theirs in _told(reports[0], said):
        ours = [figure for report in reports if (figure := getattr(report, role.value)) is not None]
        if not ours:
            continue
        # A ratio is printed by the venue; amounts may be sums of printed ones, each cut off.
        slack = None if role is Role.MARGIN_RATIO else PRINTED_TOLERANCE * (1 + theirs.copy_abs())
        last = compared_figure(name, ours[0], theirs, said.ts_event_ns, None, slack)
        nearest = compared_figure(name, min(max(theirs, min(ours)), max(ours)), theirs, said.ts_event_ns, None, slack)
        # Where they differ ours is told at its last prices: which price came before depends on how prices were batched.
        yield nearest if nearest.agrees and not last.agrees else last


def _told(report: PoolReport, said: VenueFigures) -> Iterator[tuple[str, Role, Decimal]]:
    """What the answer tells in the words of ours; a name that counts isolated positions in is not compared."""
    for role in (Role.COLLATERAL_VALUE, Role.MAINTENANCE_MARGIN):
        told: Decimal | None = getattr(said, role.value)
        if told is not None:
            yield role.value, role, told
    names = known_names(report)
    for name, figure in said.figures.items():
        meaning = names.get(name)
        if meaning is not None and meaning.role is not Role.OTHER and not meaning.with_isolated:
            yield name, meaning.role, figure


def _ledger_parts(world: World, watched: Watched) -> Iterator[PartDifference]:
    """Where the venue's last state differs from our ledger: the cause of figures that differ."""
    if watched.differing is None:
        return
    for difference in world.ledger.compare(watched.differing):
        part, _, name = difference.field.partition("/")
        ours, theirs = difference.ours, difference.theirs
        if theirs is not None:
            hint = _HINTS.get(part, part)
            yield PartDifference(part=part, name=name, ours=ours, venue=theirs, hint=hint)


def residual_ratio(entry: DoubleEntry) -> float | None:
    """The largest residual as a share of the larger of both figures, None when nothing was compared."""
    shares = [
        float(figure.residual.copy_abs()) / float(max(abs(figure.venue), abs(figure.ours or Decimal(0)), figure.tolerance))
        for figure in entry.figures
        if figure.residual is not None
    ]
    return max(shares, default=None)
