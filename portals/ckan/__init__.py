"""The portal on CKAN."""
