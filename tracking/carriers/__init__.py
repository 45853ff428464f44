"""Carrier adapters, one file per carrier or aggregator: bytes in, parsed scans out. No database tables, no models."""
