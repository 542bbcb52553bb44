"""What the exchange hands to the streams."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.simulator.market import Prices
from connectors.simulator.stream_events import Payload


@dataclass(frozen=True, slots=True)
class PrivatePush:
    """Messages for one account that belong together, in the order of the venue; `is_fill` marks those of one execution."""

    account: str
    payloads: tuple[Payload, ...]
    is_fill: bool = False


@dataclass(frozen=True, slots=True)
class TickPush:
    """A new set of prices."""

    prices: Prices


@dataclass(frozen=True, slots=True)
class ForceOrderPush:
    """A public note of a liquidation order."""

    symbol: str
    payload: Payload


Push = PrivatePush | TickPush | ForceOrderPush
