"""Binance Portfolio Margin: USDⓈ-M and COIN-M contracts and margin loans against one pool of collateral.

per asset   equity = balance (margin and futures wallets, less loans) + unrealised PnL
C           sum of equity * index * collateral rate, a negative equity in full, less the loss that open margin orders lock
M           sum of futures maintenance margin * index + loan * rate * index + what the venue reports of its SPAN unit
uniMMR      C / M, liquidated at 1.05

Read as copies in November 2026; a copy may lag the live page. What values a pool is the shared form, `multi_currency`.
"""

from __future__ import annotations

from decimal import Decimal

from monitor.domain.account import AccountMode
from monitor.rules.exact import exact, quotient, truncated
from monitor.rules.ladder import Threshold
from monitor.rules.multi_currency import Documents, MultiCurrency
from monitor.rules.multi_currency.coins import CoinValue
from monitor.rules.rulebook import PoolFigures
from monitor.rules.terms import INVERSE, LINEAR

_ACCOUNT = "developers.binance.com/docs/derivatives/portfolio-margin/account/Account-Information"
_LEVELS = "binance.com/en/support/announcement, Portfolio Margin Pro: maintenance margin ratio and its levels"
_LIQUIDATION_RATIO, _RESTRICTED_RATIO = Decimal("1.05"), Decimal("1.2")
_PRINTED_DECIMALS = 8


def printed_figures(figures: PoolFigures, coins: tuple[CoinValue, ...]) -> dict[str, Decimal]:
    """The account as the venue prints it, cut off behind 8 decimals; without a maintenance margin there is no uniMMR."""
    with exact():
        # Without collateral rates; the loss of open margin orders is in neither document read.
        actual = sum((coin.equity * coin.index for coin in coins), Decimal(0))
    found = {"accountEquity": figures.collateral_value, "actualEquity": actual}
    if figures.initial_margin is not None:
        found["accountInitialMargin"] = figures.initial_margin
    found["accountMaintMargin"] = figures.maintenance_margin
    if figures.maintenance_margin > 0:
        found["uniMMR"] = quotient(figures.collateral_value, figures.maintenance_margin)
    return {name: truncated(amount, _PRINTED_DECIMALS) for name, amount in found.items()}


DOCUMENTS = Documents(
    venue="binance_pm",
    formulas="binance.com/en/support/announcement, Portfolio Margin Pro: calculation of the maintenance margin ratio",
    initial_margin="the same: futures notional / leverage, loans / (leverage - 1)",
    liquidation=_ACCOUNT,
    procedure=(
        "From uniMMR 1.20 down only orders that reduce are taken; at 1.05 all open orders are cancelled and positions and "
        "collateral are liquidated; at 1.00 the venue may claim the loss."
    ),
    margin_factor=_LIQUIDATION_RATIO,
    stages=(
        Threshold(
            name="only orders that reduce: uniMMR at 1.20",
            condition="collateral_value - 1.2 * maintenance_margin <= 0",
            margin_factor=_RESTRICTED_RATIO,
            source=_LEVELS,
            # The levels are those of the Pro account; of the classic one a second-hand copy says the same.
            verified=False,
        ),
        Threshold(
            name="liquidation",
            condition="collateral_value - 1.05 * maintenance_margin <= 0",
            margin_factor=_LIQUIDATION_RATIO,
            source=_ACCOUNT,
        ),
        Threshold(
            name="the venue may claim the loss: uniMMR at 1.00",
            condition="collateral_value - maintenance_margin <= 0",
            margin_factor=Decimal(1),
            source=_LEVELS,
        ),
        Threshold(name="bankruptcy", condition="collateral_value <= 0", source=_LEVELS),
    ),
    covered=LINEAR | INVERSE,
    refusal="not covered by Portfolio Margin",
    rules="Portfolio Margin",
    modes=frozenset({AccountMode.PORTFOLIO}),
    has_isolated=False,
    margins_loans=True,
    owed=("open_loss",),
    printed=printed_figures,
)


class BinancePm(MultiCurrency):
    """Binance Portfolio Margin behind the interface that every venue has."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)
