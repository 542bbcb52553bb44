"""Collateral, borrow and position tiers of an account file, in the domain's form."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from monitor.assess.table_entries import (
    BorrowTableEntry,
    BorrowTierEntry,
    CollateralTableEntry,
    CollateralTierEntry,
    PositionTierEntry,
    PositionTiersEntry,
    TablesEntry,
)
from monitor.assess.versions import Put, version_of
from monitor.domain.position_tiers import PositionTier, PositionTiers
from monitor.domain.tables import BorrowTier, BorrowTiers, CollateralTier, CollateralTiers, TableKind


def put_tiers(tables: TablesEntry, put: Put, source: str) -> None:
    """Hand over the tier tables of a file; raises `BadInput` naming the table that is not well formed."""
    for index, entry in enumerate(tables.collateral_tiers):
        where = f"tables.collateral_tiers[{index}]"
        put(TableKind.COLLATERAL_TIERS, entry.asset, version_of(entry, _collateral, f"{where}.tiers", source), where)
    for index, borrow in enumerate(tables.borrow_tiers):
        where = f"tables.borrow_tiers[{index}]"
        put(TableKind.BORROW_TIERS, borrow.asset, version_of(borrow, _borrow, f"{where}.tiers", source), where)
    for index, position in enumerate(tables.position_tiers):
        where = f"tables.position_tiers[{index}]"
        put(TableKind.POSITION_TIERS, position.instrument, version_of(position, _positions, f"{where}.tiers", source), where)


def _positions(entry: PositionTiersEntry) -> PositionTiers:
    return PositionTiers(
        tiers=tuple(
            PositionTier(
                floor=t.floor,
                cap=cap,
                maintenance_margin_rate=t.maintenance_margin_rate,
                initial_leverage=t.initial_leverage,
            )
            for t, cap in zip(entry.tiers, _caps(entry.tiers), strict=True)
        )
    )


def _collateral(entry: CollateralTableEntry) -> CollateralTiers:
    caps = _caps(entry.tiers)
    return CollateralTiers(
        tiers=tuple(CollateralTier(floor=t.floor, cap=cap, ratio=t.ratio) for t, cap in zip(entry.tiers, caps, strict=True))
    )


def _borrow(entry: BorrowTableEntry) -> BorrowTiers:
    caps = _caps(entry.tiers)
    return BorrowTiers(
        tiers=tuple(
            BorrowTier(
                floor=t.floor,
                cap=cap,
                maintenance_margin_rate=t.maintenance_margin_rate,
                initial_margin_rate=t.initial_margin_rate,
            )
            for t, cap in zip(entry.tiers, caps, strict=True)
        )
    )


def _caps(tiers: Sequence[CollateralTierEntry | BorrowTierEntry | PositionTierEntry]) -> list[Decimal | None]:
    """The caps told, else the floor of the tier that follows."""
    following = [*(tier.floor for tier in tiers[1:]), None]
    return [tier.cap if tier.cap is not None else floor for tier, floor in zip(tiers, following[: len(tiers)], strict=True)]
