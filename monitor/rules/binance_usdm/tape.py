"""The same pool as a tape: what `valuation` computes, in the venue-neutral form that the book loads.

Single-asset and isolated: legs straight into C, M, I and no program. Multi-assets: each asset has a cell of equity, and cells
of maintenance and initial margin when it has positions or orders; the program converts them, asset by asset, sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.account import PoolKind
from monitor.domain.holdings import PoolHoldings
from monitor.domain.tables import AssetIndexBuffers
from monitor.rules.binance_usdm.assets import (
    EQUITY,
    MARGIN,
    NEGATIVE,
    POSITIVE,
    ask_driver,
    asset_schedule,
    bid_driver,
    has_buffers,
    index_driver,
)
from monitor.rules.binance_usdm.orders import order_margins
from monitor.rules.binance_usdm.terms import Lookup
from monitor.rules.binance_usdm.valuation import initial_reason, pool_assets
from monitor.rules.exact import exact
from monitor.rules.rulebook import Missing, Tables
from monitor.rules.schedules import bracket_schedule
from monitor.rules.tape import (
    COLLATERAL_CELL,
    INITIAL_CELL,
    MAINTENANCE_CELL,
    NO_CELL,
    Leg,
    Node,
    NodeMode,
    Tape,
)
from monitor.rules.terms import PositionTerms


@dataclass(frozen=True, slots=True)
class _Cells:
    """Where an asset's legs add: equity, maintenance margin, initial margin."""

    equity: int
    maintenance: int
    initial: int


def compile_tape(pool: PoolHoldings, tables: Tables) -> Tape | Missing:
    """The pool's tape, or what is missing: a table, or what the holdings themselves do not know."""
    lookup = Lookup(tables)
    lookup.miss(*pool.unknown)
    lookup.weights()
    terms = lookup.positions(pool)
    margins, reasons = order_margins(pool.orders, pool.positions, tables)
    converted = pool.kind is PoolKind.CROSS
    assets = _assets_used(pool, terms, margins) if converted else pool_assets(pool)
    buffers = {asset: table for asset in assets if converted and (table := lookup.buffers(asset)) is not None}
    if lookup.reasons:
        return Missing(lookup.reasons)
    cells = _cells(assets, terms, margins) if converted else dict.fromkeys(assets, _DIRECT)
    reason = initial_reason(pool, reasons)
    return Tape(
        base=_base(pool, assets, cells, terms, margins),
        legs=tuple(_leg(term, cells[term.instrument.settle_asset]) for term in terms),
        program=tuple(node for asset in assets if converted for node in _nodes(asset, buffers[asset], cells[asset])),
        margin_currency="USD" if converted else assets[0],
        unit=None if converted else index_driver(assets[0]),
        verified=lookup.verified,
        initial_margin_reason=reason,
    )


_DIRECT = _Cells(COLLATERAL_CELL, MAINTENANCE_CELL, INITIAL_CELL)


def _assets_used(pool: PoolHoldings, terms: tuple[PositionTerms, ...], margins: dict[str, Decimal]) -> tuple[str, ...]:
    """The assets that need a rate: with a balance, a position or an order."""
    settled = {term.instrument.settle_asset for term in terms}
    return tuple(a for a in pool_assets(pool) if pool.wallets[a] != 0 or a in settled or margins.get(a, 0) != 0)


def _cells(assets: tuple[str, ...], terms: tuple[PositionTerms, ...], margins: dict[str, Decimal]) -> dict[str, _Cells]:
    """Cells of each asset behind C, M, I; an asset that backs no margin has its equity cell alone."""
    needs_margin = {term.instrument.settle_asset for term in terms} | {a for a, margin in margins.items() if margin != 0}
    cells: dict[str, _Cells] = {}
    free = INITIAL_CELL + 1
    for asset in assets:
        with_margin = asset in needs_margin
        cells[asset] = _Cells(free, free + 1, free + 2) if with_margin else _Cells(free, NO_CELL, NO_CELL)
        free += 3 if with_margin else 1
    return cells


def _base(
    pool: PoolHoldings,
    assets: tuple[str, ...],
    cells: dict[str, _Cells],
    terms: tuple[PositionTerms, ...],
    margins: dict[str, Decimal],
) -> tuple[Decimal, ...]:
    """One constant a cell: wallet less the cost of the positions in equity, order margins in initial margin."""
    used = {index for own in cells.values() for index in (own.equity, own.maintenance, own.initial)}
    base = [Decimal(0)] * (max({INITIAL_CELL} | used) + 1)
    with exact():
        for asset in assets:
            own = cells[asset]
            cost = sum((t.position.cost for t in terms if t.instrument.settle_asset == asset), Decimal(0))
            base[own.equity] += pool.wallets[asset] - cost
            if own.initial != NO_CELL:
                base[own.initial] += margins.get(asset, Decimal(0))
    return tuple(base)


def _leg(terms: PositionTerms, cells: _Cells) -> Leg:
    per_unit = terms.initial_margin_per_unit
    return Leg(
        driver=terms.driver,
        quantity=terms.quantity,
        value_cell=cells.equity,
        margin_cell=cells.maintenance,
        initial_cell=NO_CELL if per_unit is None else cells.initial,
        schedule=bracket_schedule(terms.position.instrument),
        initial_rate=Decimal(0) if per_unit is None else per_unit,
    )


def _nodes(asset: str, buffers: AssetIndexBuffers, cells: _Cells) -> tuple[Node, ...]:
    """The conversion of one asset: equity into C, margins at the ask rate into M and I."""
    source, target = cells.equity, COLLATERAL_CELL
    equity: tuple[Node, ...]
    if has_buffers(buffers):
        margin, scale = asset_schedule(asset, MARGIN), index_driver(asset)
        equity = (Node(NodeMode.MAP, source, target, schedule=asset_schedule(asset, EQUITY), scale=scale),)
    else:
        margin, scale = None, ask_driver(asset)
        bid, minus = bid_driver(asset), Decimal(-1)
        equity = (
            Node(NodeMode.MAP, source, target, schedule=asset_schedule(asset, POSITIVE), scale=bid),
            Node(NodeMode.MAP, source, target, schedule=asset_schedule(asset, NEGATIVE), scale=scale, weight=minus),
        )
    if cells.maintenance == NO_CELL:
        return equity
    return (
        *equity,
        Node(NodeMode.MAP, cells.maintenance, MAINTENANCE_CELL, schedule=margin, scale=scale),
        Node(NodeMode.MAP, cells.initial, INITIAL_CELL, schedule=margin, scale=scale),
    )
