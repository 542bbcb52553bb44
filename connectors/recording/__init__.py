"""One log format for recordings and journals, and the files of snapshots. The format is described in docs/recording.md."""
