"""Effects in, notifications out: which alert is on, why, and what has to be said about it."""
