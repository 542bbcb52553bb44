"""The ways out of alerts: one sink a file. Each delivers the latest state of every alert at least once."""
