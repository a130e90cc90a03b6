"""The contracts, the fold, the journal and the bus: the last three on real servers."""
