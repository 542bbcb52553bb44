"""A venue in small: Binance USDⓈ-M formats on loopback, a seeded market, accounts that trade and are liquidated.

The margin code is the simulator's own, in integers and from the venue's documents, so that what the monitor says can be
checked against what the venue then does. It imports nothing of the monitor's rules or book, and no other connector.
"""

from connectors.simulator.faults import FaultSwitches
from connectors.simulator.liquidation import Liquidation
from connectors.simulator.market import MarketPhase, PhaseKind
from connectors.simulator.settings import SimulatorSettings
from connectors.simulator.venue import SimulatedVenue

__all__ = ["FaultSwitches", "Liquidation", "MarketPhase", "PhaseKind", "SimulatedVenue", "SimulatorSettings"]
