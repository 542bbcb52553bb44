"""Which part differs, and what that hints at.

In the order of cause and effect: a fill that is missing moves everything behind it, so sizes come first, then entries,
wallets, prices, settings, rates, and margins last. Where the venue told no parts its totals give the hint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from monitor.domain.double_entry import ComparedFigure, PartDifference, ReportedAsset, ReportedPosition, VenueReported
from monitor.domain.holdings import PoolHoldings
from monitor.domain.report import PoolReport, PositionReport
from monitor.rules.double_entry.digits import residual
from monitor.rules.double_entry.names import Role, known_names

MISSING_FILL = "a missing fill"
MISSING_CASH = "a missing fee, funding, interest or transfer"
OTHER_MARK = "another mark price, not the same moment"
TIER_CHANGE = "a tier change"
FEE_RATE = "a fee rate"
HAIRCUT = "a haircut"
SETTING = "a setting of the account"
TIER_OR_FEE = "a tier change or a fee rate"
CONTRACT_TERMS = "the terms of the contract"

POSITION_FIGURES: Mapping[str, str] = {
    "size": MISSING_FILL,
    "entry_price": MISSING_FILL,
    "mark_price": OTHER_MARK,
    "leverage": SETTING,
    "taker_fee_rate": FEE_RATE,
    "maintenance_margin_rate": TIER_CHANGE,
    "notional": CONTRACT_TERMS,
    "unrealised_pnl": CONTRACT_TERMS,
    "maintenance_margin": TIER_CHANGE,
    "initial_margin": SETTING,
}
"""What may be told of a position, in order of cause and effect, each with what a difference hints at."""

ASSET_FIGURES: Mapping[str, str] = {"balance": MISSING_CASH, "equity": MISSING_CASH, "collateral_value": HAIRCUT}
"""What may be told of an asset."""

_TOLD_WHOLE = frozenset({"size", "leverage", "taker_fee_rate", "maintenance_margin_rate"})
"""What a venue tells without rounding it: equal or not, the last digit is no tolerance."""

_FIRST_OF_POSITIONS = ("size", "entry_price")
_ABSENT = PositionReport(instrument="", side="", size=Decimal(0))


def differing_parts(
    report: PoolReport,
    said: VenueReported,
    figures: tuple[ComparedFigure, ...],
    pool: PoolHoldings,
    wallets: Mapping[str, Decimal],
) -> tuple[PartDifference, ...]:
    """The parts that differ, the first cause in front; else the totals' hint.

    Sizes and rates differ when they are not equal, amounts by more than one unit of the venue's last digit.
    """
    found = [
        *_of_positions(report, said, pool, _FIRST_OF_POSITIONS),
        *_of_assets(report, said, wallets, ("balance",)),
        *_of_positions(report, said, pool, tuple(name for name in POSITION_FIGURES if name not in _FIRST_OF_POSITIONS)),
        *_of_assets(report, said, wallets, tuple(name for name in ASSET_FIGURES if name != "balance")),
    ]
    return tuple(found) if found else differing_totals(report, figures)


def _of_positions(
    report: PoolReport, said: VenueReported, pool: PoolHoldings, names: tuple[str, ...]
) -> Iterator[PartDifference]:
    ours = {(position.instrument, position.side): position for position in report.positions}
    for name in names:
        for position in said.positions:
            held = ours.get((position.instrument, position.side), _ABSENT)
            if name in position.figures and (held is not _ABSENT or name == "size"):
                figure = _position_figure(held, position, pool, name)
                hint = _margin_hint(report, held, position) if name == "maintenance_margin" else POSITION_FIGURES[name]
                yield from _difference(name, f"{position.instrument} {position.side}", figure, position.figures[name], hint)


def _position_figure(held: PositionReport, told: ReportedPosition, pool: PoolHoldings, name: str) -> Decimal | None:
    if name != "taker_fee_rate":
        figure: Decimal | None = getattr(held, name)
        return figure
    sign = 1 if told.side == "long" else -1
    fitting = (one.taker_fee_rate for one in pool.positions if one.instrument == told.instrument and one.size * sign > 0)
    return next(fitting, None)


def _margin_hint(report: PoolReport, held: PositionReport, told: ReportedPosition) -> str:
    """A maintenance margin differs: by its tier, or by the closing fee in it.

    A closing fee stands in the initial margin too, by the same amount; a tier does not. A rate that agrees leaves the fee,
    and where the venue margins no fee it is the tier.
    """
    symbol = held.instrument.partition(":")[2]
    if not any(part.figure == "fee_to_close" and part.name == f"{symbol} {held.side}" for part in report.parts):
        return TIER_CHANGE
    figures = told.figures
    rate, initial = figures.get("maintenance_margin_rate"), figures.get("initial_margin")
    if rate is not None and held.maintenance_margin_rate is not None:
        return FEE_RATE if held.maintenance_margin_rate == rate else TIER_CHANGE
    if initial is not None and held.initial_margin is not None:
        return TIER_CHANGE if residual(held.initial_margin, initial).agrees else FEE_RATE
    return TIER_OR_FEE


def _of_assets(
    report: PoolReport, said: VenueReported, wallets: Mapping[str, Decimal], names: tuple[str, ...]
) -> Iterator[PartDifference]:
    for name in names:
        for asset in said.assets:
            if name in asset.figures:
                ours = wallets.get(asset.asset, Decimal(0)) if name == "balance" else _asset_part(report, asset, name)
                yield from _difference(name, asset.asset, ours, asset.figures[name], ASSET_FIGURES[name])


def _asset_part(report: PoolReport, told: ReportedAsset, figure: str) -> Decimal | None:
    return next((part.amount for part in report.parts if (part.figure, part.name) == (figure, told.asset)), None)


def _difference(part: str, name: str, ours: Decimal | None, told: Decimal, hint: str) -> Iterator[PartDifference]:
    """What ours does not know is no difference: the pool says itself that it is unknown."""
    if ours is None:
        return
    if ours != told if part in _TOLD_WHOLE else not residual(ours, told).agrees:
        yield PartDifference(part=part, name=name, ours=ours, venue=told, hint=hint)


def differing_totals(report: PoolReport, figures: tuple[ComparedFigure, ...]) -> tuple[PartDifference, ...]:
    """Without parts: which of the totals differ says where to look."""
    names = known_names(report)
    apart = {names[figure.figure].role: figure for figure in figures if figure.agrees is False}
    if not apart:
        return ()
    if Role.COLLATERAL_VALUE in apart:
        role = Role.COLLATERAL_VALUE
        both = Role.MAINTENANCE_MARGIN in apart
        hint = f"{MISSING_FILL}, or {OTHER_MARK}" if both else f"{MISSING_CASH}, or {HAIRCUT}"
    elif Role.MAINTENANCE_MARGIN in apart:
        role, hint = Role.MAINTENANCE_MARGIN, TIER_OR_FEE
    else:
        role, hint = next(iter(apart)), "the venue told no part of it"
    chosen = apart[role]
    return (PartDifference(part=chosen.figure, name=report.pool, ours=chosen.ours, venue=chosen.venue, hint=hint),)
