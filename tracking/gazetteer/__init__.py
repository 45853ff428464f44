"""Resolve places and codes to coordinates without the network, and measure distances."""
