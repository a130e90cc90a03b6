"""The archive: trail, proof, rebuilding, packages."""
