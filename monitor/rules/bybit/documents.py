"""The venue's documents that these rules were read from, and what they leave open.

Each constant is quoted in the parts of a report as the source of a formula. Read as copies in November 2026, partly on mirror
hosts of the same article; a copy may lag the live page.
"""

VENUE = "bybit"

WALLET = "bybit-exchange.github.io/docs/v5/account/wallet-balance (and the glossary of 2026-03)"
"""Equity of a coin, total equity without haircut, margin balance, the account's rates and available balance."""

COLLATERAL = "bybit.com/en/help-center/article/Assets-Collateral-Value-Ratio-List-UTA; docs/v5/spot-margin-trade/collateral"
"""Collateral value ratios by quantity, each slice at its own ratio, since 2025-02-19; negative balances at 100 %."""

MARGIN = "bybit.com/en/help-center, The New Margin Calculation (in force since 2025-09-02)"
"""Cross: position value, initial and maintenance margin at MARK, with the fee to close in both."""

FEE_BASE_OPEN = "the price of the fee to close is taken as the mark: the table of the document is cut off in the copy read"
"""Unverified: before 2025-09-02 the fee stood on the entry price."""

RISK_LIMITS = "bybit.com/announcement-info/margin-parameters; docs/v5/market/risk-limit"
"""Maintenance margin rate and deduction by position value; all twenty deductions of BTCUSDT follow from limits and rates."""

HEDGE_OPEN = "the margin of a hedged pair in cross is not told by any document read; both legs are margined in full"
"""Unverified: the margin-parameters page says that it is another calculation."""

BORROWING = "bybit.com/en/help-center/article/Borrowing-repayment; docs/v5/spot-margin-trade/position-tiers"
"""What counts as borrowed, and its margin rates by borrowed amount."""

BORROW_MARGIN_OPEN = "margin of borrowed coins = slices of the amount × rate × index: the product form is in no document read"
"""Unverified."""

ORDER_COST = "bybit.com/en/help-center/article/Order-Cost-USDT-Contract"
"""Initial margin of an order with the fees to open and to close it."""

ORDERS_OPEN = "open orders may carry maintenance margin and share the risk tier: no document read tells how much"
"""Unverified: in the venue's own example of 2023 the account's margin is more than that of its positions."""

ISOLATED = "bybit.com/en/help-center/s/article/Liquidation-Price-USDT-Contract"
"""Isolated: margins at entry value, fees left out of the liquidation price."""

LIQUIDATION = "bybit.com/en/help-center, Trading Rules of the Unified Trading Account: maintenance margin rate at 100 %"
"""The trigger: maintenance margin at or above margin balance."""

RATE_DECIMALS = 4
"""Decimals of the account's rates as the venue prints them, cut off: 0.015197 is printed 0.0151."""

AMOUNT_DECIMALS = 8
"""Decimals of the account's amounts as the venue prints them."""
