"""Tests of the pages for people: alone in this process, and beside real lanes in a real browser."""
