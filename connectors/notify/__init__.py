"""The sinks of notifications, one a file."""
