"""Tracking numbers: whose they are, and where they stand in a text."""
