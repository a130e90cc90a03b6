"""Notices: what is on the log and what falls due comes in, short messages to the people whose turn it is go out (apprise)."""
