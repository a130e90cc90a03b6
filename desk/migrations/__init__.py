"""Steps of the desk's tables: accounts cannot be rebuilt from the log, so their tables are changed with care."""
