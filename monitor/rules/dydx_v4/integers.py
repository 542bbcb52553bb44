"""The chain's own figures, in integers, with its roundings: notional cut towards 0, margins rounded up, prices floored.

Quote quantums are millionths of USDC. A pool's figures in Decimal differ from these by less than a quantum a position and step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from monitor.domain.market_margin import LiquidationTerms, MarketMargin
from monitor.rules.dydx_v4.terms import initial_fraction

_PER_USDC = 1_000_000


@dataclass(frozen=True, slots=True)
class Holding:
    """A position as the chain sees it: signed size, oracle price, market."""

    size: Decimal
    oracle_price: Decimal
    market: MarketMargin

    def net_notional(self, size: Decimal | None = None) -> int:
        """Signed notional in quote quantums, cut towards 0; of another size where one is given."""
        held = self.size if size is None else size
        return int(Fraction(held) * Fraction(self.oracle_price) * _PER_USDC)

    def maintenance_margin(self, size: Decimal | None = None) -> int:
        """In quote quantums: the base initial margin rounded up, its fraction rounded up again."""
        base = ceil(abs(self.net_notional(size)) * Fraction(self.market.initial_margin_fraction))
        return ceil(base * Fraction(self.market.maintenance_fraction))

    def initial_margin(self) -> int:
        """In quote quantums, at the market's open interest, rounded up."""
        return ceil(abs(self.net_notional()) * Fraction(initial_fraction(self.market)))


@dataclass(frozen=True, slots=True)
class Subaccount:
    """A subaccount: USDC with settled funding in quote quantums, and its positions."""

    quote_quantums: int
    holdings: Sequence[Holding]

    @property
    def net_collateral(self) -> int:
        """USDC and the notionals, in quote quantums."""
        return self.quote_quantums + sum(holding.net_notional() for holding in self.holdings)

    @property
    def initial_margin(self) -> int:
        """Of all positions."""
        return sum(holding.initial_margin() for holding in self.holdings)

    @property
    def maintenance_margin(self) -> int:
        """Of all positions."""
        return sum(holding.maintenance_margin() for holding in self.holdings)

    def bankruptcy_quantums(self, holding: Holding, delta: Decimal) -> int | None:
        """What closing `delta` of a position (of the other sign) is worth at its bankruptcy price, signed.

        `-DNNV - floor(TNC * |DMMR| / TMMR)`; None without a maintenance margin.
        """
        if self.maintenance_margin == 0:
            return None
        left = holding.size + delta
        net_notional = holding.net_notional(left) - holding.net_notional()
        margin = abs(holding.maintenance_margin(left) - holding.maintenance_margin())
        return -net_notional - floor(Fraction(self.net_collateral * margin, self.maintenance_margin))

    def fillable_price(self, holding: Holding, terms: LiquidationTerms) -> Fraction | None:
        """The worst price of a liquidation order in USDC: `(PNNV - ABR * SMMR * PMMR) / PS`, ABR cut to 0..1."""
        if self.maintenance_margin == 0:
            return None
        rating = Fraction(terms.bankruptcy_adjustment) * (1 - Fraction(self.net_collateral, self.maintenance_margin))
        spread = min(max(rating, Fraction(0)), Fraction(1)) * Fraction(terms.spread_to_maintenance_ratio)
        return (holding.net_notional() - spread * holding.maintenance_margin()) / Fraction(holding.size) / _PER_USDC

    def insurance_quantums(self, holding: Holding, delta: Decimal, price: Decimal, terms: LiquidationTerms) -> int | None:
        """What a fill at a price leaves to the insurance fund, at most its largest fee; below 0 what the fund pays."""
        bankruptcy = self.bankruptcy_quantums(holding, delta)
        if bankruptcy is None:
            return None
        fill = int(Fraction(-delta) * Fraction(price) * _PER_USDC)
        largest = floor(abs(fill) * Fraction(terms.max_liquidation_fee))
        return min(largest, fill - bankruptcy)
