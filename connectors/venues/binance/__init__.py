"""Binance USDⓈ-M futures: codec, streams, REST state and the recipe that joins them."""

from connectors.venues.binance.connector import BinanceUsdm
from connectors.venues.binance.settings import BinanceAccountSettings, BinanceSettings

__all__ = ["BinanceAccountSettings", "BinanceSettings", "BinanceUsdm"]
