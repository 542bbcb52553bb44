"""The report of an account: the one shape that `assess --json`, the HTTP API and `replay --at` share (contract 9).

Decimals become strings in JSON; an unknown figure is null with `<field>_reason`, never 0 and never an empty string.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from monitor.domain.double_entry import DoubleEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part that a figure is made of: its amount, unit, formula or input, source, and whether that source is verified."""

    figure: str
    name: str
    amount: Decimal
    unit: str
    formula: str = ""
    source: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the venue's ladder before or after liquidation, under the venue's name for it.

    `condition` is the test in words with its exact sense, `slack` the room left before it in `unit` (negative past it), None
    with a reason where it cannot be told. `is_reached` is None with the slack.
    """

    name: str
    condition: str
    slack: Decimal | None
    is_reached: bool | None
    unit: str = ""
    reason: str | None = None
    source: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReport:
    """One position in a pool. `size` is unsigned beside `side` (`long`, `short`); `notional` >= 0 in the margin currency.

    `liquidation_price`: the mark at which the pool reaches the venue's trigger, all other prices fixed; None with the reason
    `none` (no such price above 0) or `already` (the pool is at or past its trigger).
    """

    instrument: str
    side: str
    size: Decimal
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    notional: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    maintenance_margin_rate: Decimal | None = None
    leverage: Decimal | None = None
    liquidation_price: Decimal | None = None
    liquidation_price_reason: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolReport:
    """One pool; figures in `margin_currency`, `*_usd` converted by its unit's index (None with a reason when never seen).

    `venue_figures` are figures under the venue's own names: as `assess` recomputes them with the venue's rounding, and in the
    running daemon as the venue reported them. `stages` are the venue's steps before and after its liquidation trigger, in the
    order in which they come; `procedure` says in words what the venue does at liquidation. `double_entry` is the comparison
    with what the venue reported, None where it reported nothing of the pool.
    """

    pool: str
    kind: str
    level: str
    certainty: str
    certainty_reasons: tuple[str, ...] = ()
    margin_currency: str | None = None
    collateral_value: Decimal | None = None
    initial_margin: Decimal | None = None
    initial_margin_reason: str | None = None
    maintenance_margin: Decimal | None = None
    margin_ratio: Decimal | None = None
    margin_ratio_reason: str | None = None
    headroom: Decimal | None = None
    headroom_usd: Decimal | None = None
    headroom_usd_reason: str | None = None
    stress_notional: Decimal | None = None
    buffer_ratio: Decimal | None = None
    buffer_ratio_reason: str | None = None
    liquidation_distance_ratio: Decimal | None = None
    top_up_to_ok: Decimal | None = None
    figures_reason: str | None = None
    positions: tuple[PositionReport, ...] = ()
    parts: tuple[Part, ...] = ()
    venue_figures: dict[str, Decimal] = field(default_factory=dict)
    trigger: str = ""
    stages: tuple[Stage, ...] = ()
    procedure: str = ""
    verified: bool = True
    double_entry: DoubleEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """One account with its pools in order of their ids."""

    account: str
    venue: str
    mode: str
    position_mode: str
    entity: str | None = None
    owner: str | None = None
    profile: str | None = None
    certainty: str = "unknown"
    certainty_reasons: tuple[str, ...] = ()
    wallets: dict[str, Decimal] = field(default_factory=dict)
    pools: tuple[PoolReport, ...] = ()
