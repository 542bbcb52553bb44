"""What the names of a venue's figures mean: which figure of ours each one is.

Sources as the venues' notes give them: Bybit docs/v5/account/wallet-balance; Binance USDⓈ-M Account Information V3 and Position
Information V3; of the others those that their rules print (docs/venues). OKX's `mmr` is without the fee to close, which our
maintenance margin holds. Our own names stand for themselves, where a source translated the venue's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from monitor.domain.account import PoolKind
from monitor.domain.errors import BadInput
from monitor.domain.ids import venue_of
from monitor.domain.report import PoolReport
from monitor.rules.exact import quotient


class Role(Enum):
    """The figure of ours that a name stands for. `OTHER`: compared where our rules print it, no level follows from it."""

    COLLATERAL_VALUE = "collateral_value"
    MAINTENANCE_MARGIN = "maintenance_margin"
    INITIAL_MARGIN = "initial_margin"
    MARGIN_RATIO = "margin_ratio"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A name's role. `with_isolated`: the venue counts isolated positions in, so that it is no figure of a cross pool alone.

    `falls_to`: of a margin ratio that falls towards liquidation, the value at which it comes; None where it rises to 1.
    """

    role: Role = Role.OTHER
    with_isolated: bool = False
    falls_to: Decimal | None = None


_OTHER = Meaning()
_COLLATERAL = Meaning(role=Role.COLLATERAL_VALUE)
_MAINTENANCE = Meaning(role=Role.MAINTENANCE_MARGIN)
_INITIAL = Meaning(role=Role.INITIAL_MARGIN)
_RATIO = Meaning(role=Role.MARGIN_RATIO)

OUR_NAMES: Mapping[str, Meaning] = {
    "collateral_value": _COLLATERAL,
    "maintenance_margin": _MAINTENANCE,
    "initial_margin": _INITIAL,
    "margin_ratio": _RATIO,
}

_FALLING_RATIOS: Mapping[str, Meaning] = {
    "uniMMR": Meaning(role=Role.MARGIN_RATIO, falls_to=Decimal("1.05")),
    "mgnRatio": Meaning(role=Role.MARGIN_RATIO, falls_to=Decimal(1)),
}
"""Binance Portfolio Margin and OKX: collateral over margin. Ours comes only from rules that print them."""

_BYBIT = {
    "accountMMRate": _RATIO,
    "accountIMRate": _OTHER,
    "totalEquity": _OTHER,
    "totalMarginBalance": _COLLATERAL,
    "totalMaintenanceMargin": _MAINTENANCE,
    "totalInitialMargin": _INITIAL,
    "totalAvailableBalance": _OTHER,
}
_BINANCE_MULTI_ASSETS = {"totalMarginBalance": _COLLATERAL, "totalMaintMargin": _MAINTENANCE, "totalInitialMargin": _INITIAL}
_BINANCE_SINGLE_ASSET = {
    "marginBalance": Meaning(role=Role.COLLATERAL_VALUE, with_isolated=True),
    "maintMargin": Meaning(role=Role.MAINTENANCE_MARGIN, with_isolated=True),
    "initialMargin": Meaning(role=Role.INITIAL_MARGIN, with_isolated=True),
}
_BINANCE_ISOLATED = {"isolatedMargin": _COLLATERAL, "maintMargin": _MAINTENANCE, "initialMargin": _INITIAL}

_NAMES: Mapping[tuple[str, str], Mapping[str, Meaning]] = {
    ("bybit", PoolKind.CROSS.value): _BYBIT,
    ("binance_usdm", PoolKind.CROSS.value): _BINANCE_MULTI_ASSETS,
    ("binance_usdm", PoolKind.CROSS_ASSET.value): _BINANCE_SINGLE_ASSET,
    ("binance_usdm", PoolKind.ISOLATED.value): _BINANCE_ISOLATED,
    ("binance_coinm", PoolKind.CROSS_ASSET.value): _BINANCE_SINGLE_ASSET,
    ("binance_coinm", PoolKind.ISOLATED.value): _BINANCE_ISOLATED,
    ("binance_pm", PoolKind.CROSS.value): {
        "accountEquity": _COLLATERAL,
        "accountMaintMargin": _MAINTENANCE,
        "accountInitialMargin": _INITIAL,
        "uniMMR": _FALLING_RATIOS["uniMMR"],
    },
    ("hyperliquid", PoolKind.CROSS_ASSET.value): {"accountValue": _COLLATERAL, "crossMaintenanceMarginUsed": _MAINTENANCE},
    ("dydx_v4", PoolKind.CROSS_ASSET.value): {"equity": _COLLATERAL},
    ("okx", PoolKind.CROSS.value): {"adjEq": _COLLATERAL, "mgnRatio": _FALLING_RATIOS["mgnRatio"]},
    ("okx", PoolKind.CROSS_ASSET.value): {"eq": _COLLATERAL, "mgnRatio": _FALLING_RATIOS["mgnRatio"]},
}


def known_names(report: PoolReport) -> dict[str, Meaning]:
    """The names that may be reported of a pool: those of its venue, those that our rules print of it, and our own."""
    of_venue = _NAMES.get((venue_of(report.pool), report.kind), {})
    printed = {name: _FALLING_RATIOS.get(name, _OTHER) for name in report.venue_figures}
    return {**printed, **of_venue, **OUR_NAMES}


def require_known(report: PoolReport, figures: Mapping[str, Decimal]) -> None:
    """Raises `BadInput` with the name in `field` when a figure has none of the pool's names."""
    known = known_names(report)
    for name, figure in figures.items():
        if name not in known:
            reason = f"no figure of {report.pool} by this name, known: {', '.join(sorted(known))}"
            raise BadInput(reason, field=name, value=f"{figure:f}")


def ours_of(report: PoolReport, name: str) -> Decimal | None:
    """Our figure under a name: as our rules print it under that very name, else the one it stands for; None without one."""
    printed = report.venue_figures.get(name)
    if printed is not None:
        return printed
    role = known_names(report).get(name, _OTHER).role
    return None if role is Role.OTHER else getattr(report, role.value)


def reported(report: PoolReport, figures: Mapping[str, Decimal], role: Role, *, has_isolated: bool) -> Decimal | None:
    """What the venue reported in a role, ratios in our direction; None where it reported none of this pool alone."""
    known = known_names(report)
    for name, figure in figures.items():
        meaning = known[name]
        if meaning.role is not role or (meaning.with_isolated and has_isolated):
            continue
        if meaning.falls_to is None:
            return figure
        return quotient(meaning.falls_to, figure) if figure > 0 else None
    return None
