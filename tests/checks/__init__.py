"""What the checks find in metadata and file lists."""
