"""Pools as columns: valued by compiled kernels, decided at every tick, read at any moment."""

from monitor.book.pools.book import PoolBook
from monitor.book.pools.decisions import BoundaryRef, Change, Figures, Judge
from monitor.book.pools.kernels import compile_all as warm_up

__all__ = ["BoundaryRef", "Change", "Figures", "Judge", "PoolBook", "warm_up"]
