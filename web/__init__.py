"""What every page shares: layout, login, roles, static files."""
