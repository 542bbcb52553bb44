"""What the venue reported, from the file to its pools, and the report that stands after the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from monitor.assess.account_file import AccountEntry, ReportedAssetEntry, ReportedPositionEntry, VenueReportedEntry
from monitor.domain.account import PoolKind
from monitor.domain.certainty import Certainty
from monitor.domain.double_entry import ReportedAsset, ReportedPosition, VenueReported
from monitor.domain.errors import BadInput
from monitor.domain.holdings import PoolHoldings
from monitor.domain.level import level_label
from monitor.domain.profile import SwitchSet
from monitor.domain.report import PoolReport
from monitor.rules.double_entry import compare, decide
from monitor.rules.double_entry.parts import ASSET_FIGURES, POSITION_FIGURES
from monitor.rules.levels import top_up
from monitor.rules.rulebook import Missing, PoolFigures

_MICROSECOND_NS = 1_000


class Reported:
    """What the venue reported of one account, by pool. Raises `BadInput` where an entry is of no pool, or of one twice."""

    def __init__(self, entry: AccountEntry, where: str, pools: tuple[PoolHoldings, ...], as_of: datetime | None) -> None:
        self._as_of_ns = None if as_of is None else nanoseconds(as_of)
        self._said: dict[str, tuple[str, VenueReported]] = {}
        self._isolated = any(pool.kind is PoolKind.ISOLATED and pool.positions for pool in pools)
        given = entry.venue_reported
        listed = given if isinstance(given, list) else [] if given is None else [given]
        for index, said in enumerate(listed):
            field = f"{where}.venue_reported[{index}]" if isinstance(given, list) else f"{where}.venue_reported"
            pool = _pool_of(said, pools, f"{field}.pool")
            if pool in self._said:
                raise BadInput("the same pool twice", field=f"{field}.pool", value=pool)
            self._said[pool] = (field, _reported(said))

    def beside(
        self,
        report: PoolReport,
        figures: PoolFigures | Missing,
        pool: PoolHoldings,
        wallets: Mapping[str, Decimal],
        switches: SwitchSet,
    ) -> PoolReport:
        """The report with the comparison in it: its certainty, and the level and top-up of the number that drives them."""
        field, said = self._said.get(pool.pool, ("", None))
        if said is None:
            return report
        has_isolated = self._isolated and pool.kind is not PoolKind.ISOLATED
        try:
            entry = compare(report, said, self._as_of_ns, pool, wallets, has_isolated=has_isolated)
        except BadInput as error:
            raise BadInput(error.reason, field=f"{field}.figures.{error.field}", value=error.value) from error
        decision = decide(report, figures, said.figures, entry, switches, is_empty=pool.is_empty, has_isolated=has_isolated)
        if decision is not None:
            entry = replace(entry, drives=decision.drives)
        found = replace(report, double_entry=entry)
        if entry.agrees is False:
            worst = max(Certainty.UNVERIFIED, Certainty[report.certainty.upper()])
            reasons = (*report.certainty_reasons, f"ours differs from the venue's: {entry.sentence}")
            found = replace(found, certainty=worst.name.lower(), certainty_reasons=reasons, verified=False)
        if decision is None:
            return found
        needed = report.top_up_to_ok if decision.figures is None else top_up(decision.figures, switches, decision.level)
        return replace(found, level=level_label(decision.level), top_up_to_ok=needed)


def nanoseconds(moment: datetime) -> int:
    """UTC nanoseconds of a time with its zone, exact to the microsecond."""
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000_000 + moment.microsecond * _MICROSECOND_NS


def _pool_of(said: VenueReportedEntry, pools: tuple[PoolHoldings, ...], field: str) -> str:
    known = ", ".join(pool.pool for pool in pools)
    if said.pool is not None:
        if said.pool not in {pool.pool for pool in pools}:
            raise BadInput(f"no such pool of the account, known: {known}", field=field, value=said.pool)
        return said.pool
    cross = [pool.pool for pool in pools if pool.kind is not PoolKind.ISOLATED]
    if len(cross) != 1:
        raise BadInput(f"must be given where the account has not one cross pool alone, known: {known}", field=field)
    return cross[0]


def _reported(said: VenueReportedEntry) -> VenueReported:
    return VenueReported(
        at_ns=nanoseconds(said.at),
        figures=dict(said.figures),
        positions=tuple(
            ReportedPosition(instrument=one.instrument, side=one.side.value, figures=_told(one, POSITION_FIGURES))
            for one in said.positions
        ),
        assets=tuple(ReportedAsset(asset=one.asset, figures=_told(one, ASSET_FIGURES)) for one in said.assets),
    )


def _told(entry: ReportedPositionEntry | ReportedAssetEntry, names: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: figure for name in names if (figure := getattr(entry, name)) is not None}
