"""The system of docker-compose.yml as an office runs it, on real containers."""
