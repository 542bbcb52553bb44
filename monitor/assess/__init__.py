"""`marginwatch assess`: the margin of accounts described in a JSON file, offline, every figure with its parts."""
