"""A simulated venue on loopback that speaks the formats of Binance USD-M and liquidates by arithmetic of its own."""
