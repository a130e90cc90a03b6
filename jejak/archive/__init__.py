"""For auditors: trail, replay, proof, packages, pages, command line."""
