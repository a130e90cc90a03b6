"""The contracts, the fold and the journal, on both stores."""
