"""Step 4 of the SOP: what was approved goes to the Open Data portal, is read back there, and only then is called published."""
