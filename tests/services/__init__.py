"""The four lanes: settings, files, due times, policies, and their whole life over Kafka and HTTP."""
