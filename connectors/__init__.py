"""Connections to the outside: venues, Kafka, files, the simulated venue, and the sinks that carry a page."""
