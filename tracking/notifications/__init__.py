"""Notices: which ones are sent to whom, when they are due, and the channels that deliver them."""
