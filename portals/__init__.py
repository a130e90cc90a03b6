"""Where the public finds the data: a folder of static pages, or CKAN. `portal.py` is what both promise."""
