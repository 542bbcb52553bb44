"""Hyperliquid perpetuals: linear contracts margined in the settle token, cross and isolated; margin tables by notional.

account value          = raw USD + sum of size * mark
maintenance margin     = notional * rate - deduction, rate = 1 / (2 * the asset's maximum leverage in the tier)
initial margin         = notional / the user's leverage
liquidation            account value below maintenance margin; below two thirds of it the backstop

Read as copies in November 2026, and against a mainnet response of 16 positions. What values a pool is the shared form,
`single_currency`. A dex of a third party (HIP-3) has a state of its own: each is told as an account of its own.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from monitor.domain.account import AccountMode, PoolKind, PositionMode
from monitor.domain.holdings import AccountHoldings, PoolHoldings
from monitor.domain.ids import symbol_of
from monitor.domain.report import PoolReport
from monitor.rules.backing import backing_of, in_order
from monitor.rules.exact import exact, quotient
from monitor.rules.ladder import Threshold
from monitor.rules.rulebook import Prices, Tables
from monitor.rules.single_currency import Documents, SingleCurrency
from monitor.rules.terms import LINEAR

_MARGIN = "hyperliquid.gitbook.io/hyperliquid-docs/trading, margining and margin tiers"
_LIQUIDATION = "hyperliquid.gitbook.io/hyperliquid-docs/trading, liquidations"
_COVERED_MODES = frozenset({AccountMode.SINGLE_CURRENCY, AccountMode.MULTI_CURRENCY})

DOCUMENTS = Documents(
    venue="hyperliquid",
    formulas=_MARGIN,
    initial_margin=_MARGIN,
    liquidation=_LIQUIDATION,
    procedure=(
        "Below the maintenance margin positions are closed by market orders to the book, one above 100,000 USDC by 20 % "
        "first, then after 30 seconds whole. Below two thirds of it all cross positions and their margin go to the liquidator "
        "vault and nothing is returned; what is below zero is auto-deleveraged."
    ),
    is_strict=True,
    stages=(
        Threshold(
            name="initial margin used up",
            condition="collateral_value - initial_margin <= 0",
            initial_factor=Decimal(1),
            source=_MARGIN,
        ),
        Threshold(
            name="liquidation",
            condition="collateral_value - maintenance_margin < 0",
            margin_factor=Decimal(1),
            strict=True,
            source=_LIQUIDATION,
        ),
        Threshold(
            name="backstop: positions and margin go to the liquidator vault",
            condition="collateral_value - 2/3 * maintenance_margin < 0",
            margin_factor=quotient(Decimal(2), Decimal(3)),
            strict=True,
            source=_LIQUIDATION,
        ),
        Threshold(name="auto-deleveraging", condition="collateral_value < 0", strict=True, source=_LIQUIDATION),
    ),
    covered=LINEAR,
    refusal="not covered by the Hyperliquid rules",
    rules="the Hyperliquid rules",
)
UNIFIED = "the equity of a unified account is taken as its spot balance and unrealised profit: read off one response, not told"
"""Unverified: one capture shows a price that only collateral outside the perpetuals' account explains."""


class Hyperliquid(SingleCurrency):
    """Hyperliquid behind the interface that every venue has. A unified account (mode `multi_currency`) is backed by its spot
    balance of the settle token; portfolio margin is refused by name.
    """

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)

    def pools(self, account: AccountHoldings, tables: Tables) -> tuple[PoolHoldings, ...]:
        """The pools of an account in order of their ids."""
        backing = backing_of(account, tables)
        reasons = []
        if account.mode not in _COVERED_MODES:
            reasons.append(f"account mode {account.mode.value} is not covered by the Hyperliquid rules")
        if account.position_mode is PositionMode.HEDGE:
            reasons.append("the venue has one position an instrument: hedge mode is not covered by the Hyperliquid rules")
        named = [*(p.instrument for p in account.positions), *(order.instrument for order in account.orders)]
        dexes = {symbol_of(name).rpartition(":")[0] for name in named}
        if len(dexes) > 1:
            told = ", ".join(sorted(dex or "the venue's own" for dex in dexes))
            reasons.append(f"positions of several dexes ({told}): each has a state, and is told as an account, of its own")
        cross = backing.cross_pools_by_asset()
        if account.mode is AccountMode.MULTI_CURRENCY:
            cross = [replace(pool, unverified=(UNIFIED,)) for pool in cross]
        return in_order((*backing.isolated_pools(), *cross), *reasons)

    def report(self, pool: PoolHoldings, tables: Tables, prices: Prices) -> PoolReport:
        """The whole report of the pool, with the venue's figures of a cross pool under its own names, not rounded."""
        report = super().report(pool, tables, prices)
        equity, margin = report.collateral_value, report.maintenance_margin
        if pool.kind is not PoolKind.CROSS_ASSET or equity is None or margin is None:
            return report
        with exact():
            after_maintenance = equity - margin
        figures = {
            "accountValue": equity,
            "crossMaintenanceMarginUsed": margin,
            "tokenToAvailableAfterMaintenance": after_maintenance,
        }
        return replace(report, venue_figures=figures)
