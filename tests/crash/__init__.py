"""Breaking things on purpose: real lanes, a real Kafka and real databases, and one checker that must find nothing afterwards."""
