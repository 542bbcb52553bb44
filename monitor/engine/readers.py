"""What the engine shows to readers: rows of plain figures, exact at the current drivers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monitor.book.pool_entry import NEVER_VALUED, NO_SLOT, PoolEntry
from monitor.book.pools import Figures
from monitor.book.ratios import ratios
from monitor.book.status import AccountStatus, DriverStatus, PoolStatus
from monitor.domain.double_entry import Leader
from monitor.domain.ids import DriverKey, DriverKind, subject_id, venue_of
from monitor.domain.level import Level
from monitor.engine.double_entry import residual_ratio
from monitor.engine.pool_desk import PoolDesk
from monitor.engine.world import World

NOT_VALUED = "not_valued"
UNIT_NEVER_SEEN = "unit_price_never_seen"


class Readers:
    """Read-only over the engine's state. What was shown last is remembered, for figures that are owed while not known."""

    def __init__(self, world: World, pools: PoolDesk) -> None:
        self._world = world
        self._pools = pools
        self._last_equity_usd: dict[str, float] = {}

    def pool_status(self, pool: str) -> PoolStatus | None:
        """One pool, None when there is no such pool."""
        entry = self._world.entries.get(pool)
        return None if entry is None else self._pool_status(entry, self._pools.figures(entry))

    def pool_statuses(self) -> list[PoolStatus]:
        """All pools, in order of their ids."""
        entries = [self._world.entries[pool] for pool in sorted(self._world.entries)]
        figured = [entry for entry in entries if entry.ours.slot != NO_SLOT and not entry.missing]
        figures: dict[str, Figures] = {}
        if figured:
            rows = self._pools.book.figures_of(np.array([entry.ours.slot for entry in figured], np.int64))
            figures = {entry.pool: Figures(*row) for entry, row in zip(figured, rows.tolist(), strict=True)}
        return [self._pool_status(entry, figures.get(entry.pool)) for entry in entries]

    def account_status(self, account: str) -> AccountStatus | None:
        """One account, None when it is not watched."""
        watched = self._world.accounts.get(account)
        if watched is None:
            return None
        mode, position_mode = self._world.ledger.modes(account)
        return AccountStatus(
            account=account,
            venue=venue_of(account),
            mode=mode.value,
            position_mode=position_mode.value,
            entity=watched.entity,
            owner=watched.owner,
            profile=watched.profile or self._world.settings.default_profile,
            tags=dict(watched.tags),
            certainty=watched.certainty,
            certainty_reasons=watched.reasons(),
            certainty_since_ns=watched.certainty_since_ns,
            source=watched.source,
            last_event_recv_ns=watched.last_event_recv_ns,
            last_agreed_ns=watched.last_agreed_ns,
            equity_usd=self._last_known_equity_usd(account, tuple(watched.pools)),
            pools=tuple(sorted(watched.pools)),
        )

    def account_statuses(self) -> list[AccountStatus]:
        """All accounts, in order of their ids."""
        statuses = (self.account_status(account) for account in sorted(self._world.accounts))
        return [status for status in statuses if status is not None]

    def agreed_accounts(self) -> int:
        """How many accounts have agreed with their source once."""
        return sum(1 for watched in self._world.accounts.values() if watched.last_agreed_ns is not None)

    def driver_statuses(self) -> list[DriverStatus]:
        """All drivers, in order of first mention."""
        drivers = self._world.drivers
        return [
            DriverStatus(
                index=index,
                key=key,
                state=drivers.state_of(index),
                price=drivers.price(index),
                ts_event_ns=int(drivers.last_event_ns[index]),
                ts_recv_ns=int(drivers.last_recv_ns[index]),
                holders=len(self._pools.book.holders(index)) if self._world.is_valuing else 0,
            )
            for index, key in drivers
        ]

    def _last_known_equity_usd(self, account: str, pools: tuple[str, ...]) -> float | None:
        """The equity now, or the one that a reader was last shown while it cannot be known."""
        equity_usd = self._equity_usd(pools)
        if equity_usd is None:
            return self._last_equity_usd.get(account)
        self._last_equity_usd[account] = equity_usd
        return equity_usd

    def _equity_usd(self, pools: tuple[str, ...]) -> float | None:
        """The sum of the pools' collateral value in USD; None while any of it is not known."""
        total = 0.0
        for pool in pools:
            entry = self._world.entries[pool]
            value = self._idle_usd(entry) if entry.holdings.is_empty else self._value_usd(entry)
            if value is None:
                return None
            total += value
        return total if pools else None

    def _value_usd(self, entry: PoolEntry) -> float | None:
        figures = self._pools.figures(entry)
        unit = self._unit_price(entry)
        return None if figures is None or unit is None else figures.collateral_value * unit

    def _idle_usd(self, entry: PoolEntry) -> float | None:
        """Balances behind no position: they are not valued as a pool, but they are equity."""
        total = 0.0
        for asset, balance in entry.holdings.wallets.items():
            key = DriverKey(DriverKind.ASSET_INDEX, subject_id(venue_of(entry.account), asset))
            price = self._world.drivers.exact_price(key)
            if balance and price is None:
                return None
            total += float(balance * (price or 0))
        return total

    def _unit_price(self, entry: PoolEntry) -> float | None:
        if entry.unit is None:
            return 1.0
        index = self._world.drivers.index(entry.unit)
        return None if index is None else self._world.drivers.price(index)

    def _pool_status(self, entry: PoolEntry, figures: Figures | None) -> PoolStatus:
        printed = None
        if figures is not None:
            printed = ratios(figures.collateral_value, figures.maintenance_margin, figures.stress_notional, entry.trigger)
        unit = self._unit_price(entry)
        headroom_usd = None if printed is None or unit is None else printed.headroom * unit
        return PoolStatus(
            pool=entry.pool,
            account=entry.account,
            venue=venue_of(entry.pool),
            level=None if entry.level == NEVER_VALUED else Level(entry.level),
            level_since_ns=entry.level_since_ns,
            certainty=self._pools.certainty(entry),
            certainty_reasons=self._pools.certainty_reasons(entry),
            is_empty=entry.holdings.is_empty,
            margin_currency=entry.margin_currency,
            collateral_value=figures.collateral_value if figures else None,
            maintenance_margin=figures.maintenance_margin if figures else None,
            initial_margin=figures.initial_margin if figures and entry.initial_margin_reason is None else None,
            stress_notional=figures.stress_notional if figures else None,
            headroom=printed.headroom if printed else None,
            margin_ratio=printed.margin_ratio if printed else None,
            margin_ratio_reason=printed.margin_ratio_reason if printed else NOT_VALUED,
            buffer_ratio=printed.buffer_ratio if printed else None,
            buffer_ratio_reason=printed.buffer_ratio_reason if printed else NOT_VALUED,
            unit_price=unit,
            headroom_usd=headroom_usd,
            headroom_usd_reason=None if headroom_usd is not None else (NOT_VALUED if unit is not None else UNIT_NEVER_SEEN),
            inputs_recv_ns=self._oldest_input_ns(entry),
            venue_margin_ratio=None if entry.venue_margin_ratio is None else float(entry.venue_margin_ratio),
            venue_figures={name: str(figure) for name, figure in entry.venue_figures.items()},
            double_entry=replace(entry.double_entry, drives=_driver_of(entry)) if entry.double_entry else None,
            venue_residual_ratio=residual_ratio(entry.double_entry) if entry.double_entry else None,
        )

    def _oldest_input_ns(self, entry: PoolEntry) -> int | None:
        drivers = self._pools.drivers_of(entry)
        return min((int(self._world.drivers.last_recv_ns[index]) for index in drivers), default=None)


def _driver_of(entry: PoolEntry) -> Leader:
    """Whose number holds the level where it is: the venue's when ours alone would be lower."""
    theirs = max(entry.venue_level, NEVER_VALUED if entry.venues is None else entry.venues.level)
    return Leader.VENUE if theirs > entry.ours.level else Leader.OURS
