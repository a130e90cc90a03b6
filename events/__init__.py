"""What happened, and nothing about any lane's business: contracts, fold, journal, bus."""
