"""Binance COIN-M futures: inverse contracts margined in their coin, cross and isolated, one-way and hedge.

Read as copies in November 2026; a copy may lag the live page. What values a pool is the shared form, `single_currency`.
"""

from monitor.rules.single_currency import Documents, SingleCurrency

DOCUMENTS = Documents(
    venue="binance_coinm",
    # Notional, unrealised PnL, maintenance margin by bracket in the coin, liquidation price; hedge: both sides summed.
    formulas="binance.com/en/support/faq/ceccfcfb4e3a45e3b48b0b1bb1a8ae46 (liquidation price of COIN-M futures)",
    # Its example prints a notional ten times too small for 100 USD a contract and is no reference for that.
    initial_margin="developers.binance.com/docs/derivatives/coin-margined-futures, Position-Information",
    # The page says "at 100 %", the FAQ "below maintenance margin": the earlier one is taken, at or below.
    liquidation="binance.com/en/support/faq/360033525271 (liquidation protocols)",
    procedure=(
        "All open orders of the coin are cancelled; one large immediate-or-cancel order tries to reduce the position to a "
        "lower bracket; if the pool is then within its margin it stops, else the position is closed or taken over at its "
        "bankruptcy price by the insurance fund, and by auto-deleveraging when the fund cannot."
    ),
)


class BinanceCoinm(SingleCurrency):
    """Binance COIN-M behind the interface that every venue has."""

    def __init__(self) -> None:
        super().__init__(DOCUMENTS)
