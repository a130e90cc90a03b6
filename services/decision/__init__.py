"""Step 3: the PPID superior of the regency verifies and decides; writes DataVerified, DataApproved, DataRejected."""
