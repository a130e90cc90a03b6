"""The portal as a folder of static pages with a DCAT catalogue."""
