"""Kafka in and out with aiokafka: prices, account events, risk parameters; levels, alerts, dead letters."""
