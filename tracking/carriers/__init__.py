"""One file = one carrier or aggregator. No tables, no Django models: bytes in, scans out."""
