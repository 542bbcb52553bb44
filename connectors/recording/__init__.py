"""One log format for recordings and journals, and the snapshot files."""
