"""How each venue computes margin, in Decimal, readable beside the venue's documents. The reference."""
