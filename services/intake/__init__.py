"""Step 1: takes what OPDs submit, answers every record with a receipt, writes DataSubmitted."""
