"""Recordings in, decisions out: replay, and recordings built from candles."""
