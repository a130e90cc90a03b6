"""Is this dataset fit to publish? Pure functions: metadata and file list in, findings out."""
