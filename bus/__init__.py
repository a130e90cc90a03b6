"""How it travels: Kafka in and out, and the loops that do it."""
