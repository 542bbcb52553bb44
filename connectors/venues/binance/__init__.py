"""Binance USD-M futures: streams, REST and the codec of its messages."""
