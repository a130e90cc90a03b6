"""Measurements. They start what they need, and report nothing when a count is wrong."""
