"""Read-only presentations of the book: the report of an account, the list of the worst pools."""
