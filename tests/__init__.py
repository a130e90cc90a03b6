"""Jejak's tests, on a real Kafka, PostgreSQL, S3 and file system (see conftest)."""
