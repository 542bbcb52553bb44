"""The words of the field: instruments, accounts, events in, effects out. Frozen, no I/O, standard library only."""
