"""What an account is set to at its venue."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from monitor.domain.checks import require_not_negative, require_positive, require_subject


class AccountMode(Enum):
    """What backs what. SINGLE_CURRENCY: one cross pool per margin asset. MULTI_CURRENCY: one cross pool of all assets."""

    SINGLE_CURRENCY = "single_currency"
    MULTI_CURRENCY = "multi_currency"
    PORTFOLIO = "portfolio"


class PositionMode(Enum):
    """ONE_WAY: one signed position an instrument. HEDGE: a long and a short one side by side."""

    ONE_WAY = "one_way"
    HEDGE = "hedge"


class MarginMode(Enum):
    """CROSS: backed by the account's cross pool. ISOLATED: backed by a wallet of its own."""

    CROSS = "cross"
    ISOLATED = "isolated"


class PositionSide(Enum):
    """Which position of an instrument: BOTH in one-way mode, LONG or SHORT in hedge mode."""

    BOTH = "both"
    LONG = "long"
    SHORT = "short"


class PoolKind(Enum):
    """What is liquidated as one unit."""

    CROSS = "cross"
    CROSS_ASSET = "cross_asset"
    ISOLATED = "isolated"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSetting:
    """Margin mode and leverage that an account has set for one instrument; None = not told, keep what was known.

    `taker_fee_rate` is the account's own for the instrument (0.0006 = 0.06 %): some venues margin the fee to close.
    """

    instrument: str
    margin_mode: MarginMode | None = None
    leverage: Decimal | None = None
    taker_fee_rate: Decimal | None = None

    def __post_init__(self) -> None:
        require_subject("instrument", self.instrument)
        require_positive("leverage", self.leverage)
        require_not_negative("taker_fee_rate", self.taker_fee_rate)
