"""Tables of venues that margin by fractions of the notional: a market's fractions, rates by size, terms of liquidations."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitor.domain.checks import require_not_negative, require_positive


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketMargin:
    """One market. Maintenance margin is `maintenance_fraction` of the initial margin at the base fraction, whatever the open
    interest; initial margin grows from the base fraction at `lower_cap` of open interest (USD) to 1 at `upper_cap`.

    `base_quantum`: how much of the underlying one unit of the venue's own quantity is (1e-10 BTC).
    """

    initial_margin_fraction: Decimal
    maintenance_fraction: Decimal
    base_quantum: Decimal
    open_interest: Decimal | None = None
    lower_cap: Decimal | None = None
    upper_cap: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("initial_margin_fraction", "maintenance_fraction"):
            value = getattr(self, name)
            require_not_negative(name, value)
            if value > 1:
                raise ValueError(f"{name} must be at most 1, got {value}")
        require_positive("base_quantum", self.base_quantum)
        caps = (self.open_interest, self.lower_cap, self.upper_cap)
        if any(cap is None for cap in caps) and any(cap is not None for cap in caps):
            raise ValueError("open_interest, lower_cap and upper_cap must be given all or none")
        require_not_negative("open_interest", self.open_interest)
        require_not_negative("lower_cap", self.lower_cap)
        if self.lower_cap is not None and self.upper_cap is not None and self.upper_cap <= self.lower_cap:
            raise ValueError(f"upper_cap must be above lower_cap, got {self.upper_cap}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeMargin:
    """Rates of one instrument that rise with the size of the position: `rate = base + size in coin * increase_per_coin`.

    `initial_base` and `maintenance_base` are shares of the notional (0.02 = 2 %), `increase_per_coin` what one coin of size
    adds to both. All at least 0; the initial rate is never below the maintenance rate.
    """

    initial_base: Decimal
    maintenance_base: Decimal
    increase_per_coin: Decimal

    def __post_init__(self) -> None:
        for name in ("initial_base", "maintenance_base", "increase_per_coin"):
            require_not_negative(name, getattr(self, name))
        if self.initial_base < self.maintenance_base:
            raise ValueError(f"initial_base must be at least maintenance_base {self.maintenance_base}, got {self.initial_base}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidationTerms:
    """How a venue prices liquidations: adjustment and spread of the fillable price, the largest fee of its insurance fund."""

    bankruptcy_adjustment: Decimal
    spread_to_maintenance_ratio: Decimal
    max_liquidation_fee: Decimal

    def __post_init__(self) -> None:
        require_positive("bankruptcy_adjustment", self.bankruptcy_adjustment)
        require_positive("spread_to_maintenance_ratio", self.spread_to_maintenance_ratio)
        require_not_negative("max_liquidation_fee", self.max_liquidation_fee)
