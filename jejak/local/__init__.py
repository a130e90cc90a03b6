"""One machine without Docker: Kafka from Python packages, all lanes in one process, the demo, and the command line."""
