"""One package a venue: public and private streams, REST snapshot, and a pure codec."""
