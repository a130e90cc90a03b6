"""For auditors: the trail of a submission, proof of the log, rebuilding, packages, and their command line and HTTP calls."""
