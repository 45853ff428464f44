"""The audit of the pages that buyers see: `make audit`."""
