"""A carrier with a JSON API that an operator describes in the admin, without code."""
