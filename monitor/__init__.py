"""marginwatch: keeps the shared-collateral margin of every cross-margin account current on every tick."""

__version__ = "0.1.0"
