"""What the daemon shows: metrics, the HTTP API and the risk board."""
