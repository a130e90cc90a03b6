"""Kafka in and out, and its loops, on the real broker."""
