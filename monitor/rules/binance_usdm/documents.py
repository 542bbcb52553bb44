"""The venue's documents that these rules were read from, and what they leave open.

Each constant is quoted in the parts of a report as the source of a formula. Read as copies in November 2026; a copy may lag
the live page.
"""

VENUE = "binance_usdm"

LIQUIDATION_PRICE = "binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93 (liquidation price of USDⓈ-M futures)"
"""Single-asset mode: margin balance, maintenance margin, liquidation price; long and short of one symbol share one in cross."""

BRACKETS = "binance.com/en/support/faq/ceccfcfb4e3a45e3b48b0b1bb1a8ae46 (leverage and margin, maintenance amount)"
"""Maintenance margin by bracket: `notional * rate - maintenance amount`, the amount carried from bracket to bracket."""

MULTI_ASSETS = "binance.com/en/support/announcement/c983a9268cfa4e70a4916c276bb3b7bc (margin ratio in multi-assets mode)"
"""Multi-assets mode: equity at the bid rate (ask below 0), margins at the ask rate, available for order."""

AUTO_EXCHANGE = "binance.com/en/futures/trading-rules/perpetual/multi-asset-info (auto-exchange, negative balances)"
"""Multi-assets mode: other assets are sold, pro rata, for one whose balance is below its threshold, and at liquidation."""

ASSET_INDEX = "developers.binance.com/docs/derivatives/usds-margined-futures, Multi-Assets-Mode-Asset-Index"
"""`bid = index * (1 - bid buffer)`, `ask = index * (1 + ask buffer)`."""

POSITION = "developers.binance.com/docs/derivatives/usds-margined-futures, Position-Information-V3"
"""Notional and initial margin at mark; figures printed with 8 decimals, cut off."""

LIQUIDATION = "binance.com/en/support/faq/360033525271 (liquidation protocols)"
"""The trigger. The page says "at 100 %", the FAQ "below maintenance margin": we take the earlier one, at or below."""

ORDERS = "no document read gives the margin of open orders together with positions; notional at limit price / leverage"
"""Unverified on purpose: it enters the initial margin alone, which no level uses."""

PRINTED_DECIMALS = 8
"""Decimals that the venue prints, truncated: 0.4972023376 is printed 0.49720233."""
