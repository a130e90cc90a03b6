"""Step 2: the PPID head of the OPD checks and revises; writes DataRevised."""
