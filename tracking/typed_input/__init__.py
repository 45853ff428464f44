"""Read what people type: characters of every script, mail addresses, countries. Pure: no tables, no settings."""
