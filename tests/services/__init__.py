"""The four lanes: policies, commands, and their whole life over Kafka and HTTP."""
