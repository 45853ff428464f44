"""Notices: what readers are owed, when it is due, and the channels that carry it."""
