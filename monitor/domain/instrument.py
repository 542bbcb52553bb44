"""Instruments as the venue lists them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from monitor.domain.checks import require_positive, require_subject


class InstrumentKind(Enum):
    """The payoff of an instrument. Inverse: margined and settled in the base coin."""

    LINEAR_PERPETUAL = "linear_perpetual"
    LINEAR_FUTURE = "linear_future"
    INVERSE_PERPETUAL = "inverse_perpetual"
    INVERSE_FUTURE = "inverse_future"
    SPOT = "spot"
    OPTION = "option"

    @property
    def is_inverse(self) -> bool:
        """Whether it is margined and settled in its base coin: worth `1 / price` of it per quote unit."""
        return self in {InstrumentKind.INVERSE_PERPETUAL, InstrumentKind.INVERSE_FUTURE}


class OptionType(Enum):
    """Which way an option pays."""

    CALL = "call"
    PUT = "put"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument.

    `contract_size` is in base units a contract for linear kinds and in quote units a contract for inverse ones;
    `size_step` is the smallest size, in contracts (linear venues that trade base units: contract_size 1);
    `price_step` the tick. `expiry_ns` is None for what does not expire. An option has a `strike` in the quote and an
    `option_type`; everything else has neither.
    """

    instrument: str
    kind: InstrumentKind
    base: str
    quote: str
    settle_asset: str
    contract_size: Decimal = Decimal(1)
    size_step: Decimal
    price_step: Decimal
    expiry_ns: int | None = None
    strike: Decimal | None = None
    option_type: OptionType | None = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_positive("contract_size", self.contract_size)
        require_positive("size_step", self.size_step)
        require_positive("price_step", self.price_step)
        require_positive("strike", self.strike)
        is_option = self.kind is InstrumentKind.OPTION
        for name, value in (("strike", self.strike), ("option_type", self.option_type)):
            if (value is not None) != is_option:
                raise ValueError(f"{name} must be told of an option and of nothing else, got {value} for {self.kind.value}")
