"""The state: ledger, drivers, pools in columns and the compiled kernel that values them."""
