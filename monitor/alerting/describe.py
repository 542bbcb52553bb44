"""Pools and blind spots as the live engine shows them, for the text of notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from monitor.alerting.annotations import BlindDescription, PoolDescription
from monitor.analytics.view import RiskView
from monitor.analytics.worst import worst_row
from monitor.book.status import AccountStatus, PoolStatus
from monitor.domain.alert import BlindCause
from monitor.domain.ids import DriverKind, account_of
from monitor.domain.level import level_label

MOST_SUMMED = 2_000
"""Accounts whose equity is summed for one notification: a dead coin may be held by a hundred thousand."""


class BookDescriber:
    """Reads the book when a notification is sent. `subjects_of` names what is blind, `holders_of` who holds a driver."""

    def __init__(
        self,
        view: RiskView,
        subjects_of: Callable[[str, BlindCause], list[str]],
        holders_of: Callable[[str], Iterable[str]],
    ) -> None:
        self._view = view
        self._subjects_of = subjects_of
        self._holders_of = holders_of

    def pool(self, pool: str) -> PoolDescription | None:
        """A pool now, None when it is gone."""
        status = self._view.pool_status(pool)
        if status is None:
            return None
        return _pool_description(status, self._view.account_status(status.account), self._view.now_ns)

    def worst_position(self, pool: str) -> str | None:
        """The position that hurts most (lowest unrealised PnL less maintenance margin), None when there is none."""
        row = worst_row(self._view, pool)
        position = None if row is None else row.hurts_most
        if position is None:
            return None
        parts = [f"{position.side} {position.size} {position.instrument}"]
        if position.unrealised_pnl is not None:
            parts.append(f"unrealised PnL {position.unrealised_pnl:.2f}")
        if position.liquidation_price is not None:
            parts.append(f"liquidation at {position.liquidation_price:.8g}")
        return ", ".join(parts)

    def blind(self, venue: str, cause: BlindCause) -> BlindDescription:
        """What is blind, who holds it, and what it was last worth."""
        subjects = self._subjects_of(venue, cause)
        accounts: dict[str, None] = {}
        for subject in subjects:
            if cause is BlindCause.PRICE and _is_driver(subject):
                accounts.update(dict.fromkeys(map(account_of, self._holders_of(subject))))
            else:
                accounts[account_of(subject)] = None
        statuses = [self._view.account_status(account) for account, _ in zip(accounts, range(MOST_SUMMED), strict=False)]
        known = [status.equity_usd for status in statuses if status is not None and status.equity_usd is not None]
        return BlindDescription(
            subjects=tuple(subjects),
            accounts=len(accounts),
            equity_usd=sum(known) if known else None,
            is_partial=len(known) < len(accounts),
        )


def _pool_description(status: PoolStatus, account: AccountStatus | None, now_ns: int) -> PoolDescription:
    return PoolDescription(
        level=level_label(status.level),
        certainty=status.certainty.name.lower(),
        certainty_reasons=status.certainty_reasons,
        margin_ratio=_percent(status.margin_ratio),
        buffer_ratio=_percent(status.buffer_ratio),
        headroom=_money(status.headroom),
        headroom_usd=_money(status.headroom_usd),
        collateral_value=_money(status.collateral_value),
        maintenance_margin=_money(status.maintenance_margin),
        margin_currency=status.margin_currency,
        oldest_price_age_s=_age_s(status.inputs_recv_ns, now_ns),
        account_age_s=None if account is None else _age_s(account.last_event_recv_ns or None, now_ns),
        entity=None if account is None else account.entity,
        as_of_ns=now_ns,
    )


def _is_driver(subject: str) -> bool:
    return subject.partition("/")[0] in {kind.value for kind in DriverKind}


def _percent(ratio: float | None) -> str | None:
    return None if ratio is None else f"{ratio:.2%}"


def _money(amount: float | None) -> str | None:
    return None if amount is None else f"{amount:,.2f}" if abs(amount) >= 1 else f"{amount:.8g}"


def _age_s(recv_ns: int | None, now_ns: int) -> float | None:
    return None if recv_ns is None else max(now_ns - recv_ns, 0) / 1e9
