"""Benchmarks, each against a baseline measured in the same run: `make bench`. They are not part of the test suite."""
