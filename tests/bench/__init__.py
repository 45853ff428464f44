"""How fast the parts are, each against a floor measured in the same run. `make bench`; never part of the suite."""
