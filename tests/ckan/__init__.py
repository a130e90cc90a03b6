"""A real CKAN, installed and run for tests without containers."""
