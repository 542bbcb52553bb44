"""Multi-assets mode: what the venue would sell of another asset to cover a negative wallet.

sold = owed / (1 - auto-exchange bid buffer of what is sold)          both in USD, valued at the index
owed = |wallet| * index * (1 + auto-exchange ask buffer of what is owed)

The venue's examples: 5,000 owed and a buffer of 2.5 % need 5,128.20 (multi-asset-info page, as read in November 2026). It sells
when the wallet is below a threshold of the user's tier (-5,000 USDT or USDC, -0.1 BTC for regular users), at liquidation, and
from all other assets pro rata; what is told here is what one of them would have to give alone. No level uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from monitor.domain.report import Part
from monitor.rules.binance_usdm import documents
from monitor.rules.binance_usdm.valuation import AssetValue, Valuation
from monitor.rules.exact import exact, quotient, shown


def auto_exchange_parts(valuation: Valuation) -> Iterator[Part]:
    """For each asset that is owed and each that could be sold for it, sorted; nothing where a buffer is not told."""
    for owed in valuation.assets:
        debt = _debt_usd(owed)
        for sold in valuation.assets:
            haircut = None if sold.buffers is None else sold.buffers.auto_exchange_bid_buffer
            if debt is None or haircut is None or haircut >= 1 or sold.wallet <= 0:
                continue
            with exact():
                kept = 1 - haircut
            yield Part(
                figure="auto_exchange",
                name=f"{sold.asset} sold for {owed.asset}",
                amount=shown(quotient(debt, kept)),
                unit="USD",
                formula=f"{debt.normalize():f} / (1 - {haircut})",
                source=documents.AUTO_EXCHANGE,
            )


def _debt_usd(owed: AssetValue) -> Decimal | None:
    """What covering a negative wallet costs in USD; None where there is none, or its buffer is not told."""
    surcharge = None if owed.buffers is None else owed.buffers.auto_exchange_ask_buffer
    if owed.wallet >= 0 or surcharge is None:
        return None
    with exact():
        return -owed.wallet * owed.rates.exposure * (1 + surcharge)
