"""The venue's documents that these rules were read from. Read as copies in November 2026; a copy may lag the live page."""

VENUE = "binance_coinm"

LIQUIDATION_PRICE = "binance.com/en/support/faq/ceccfcfb4e3a45e3b48b0b1bb1a8ae46 (liquidation price of COIN-M futures)"
"""Notional, unrealised PnL, maintenance margin by bracket in the coin, liquidation price; hedge: both sides summed."""

POSITION = "developers.binance.com/docs/derivatives/coin-margined-futures, Position-Information"
"""Figures at mark. Its example prints a notional ten times too small for 100 USD a contract and is no reference for that."""

LIQUIDATION = "binance.com/en/support/faq/360033525271 (liquidation protocols)"
"""The trigger. The page says "at 100 %", the FAQ "below maintenance margin": we take the earlier one, at or below."""
