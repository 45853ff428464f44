"""Values in the reader's own terms: clocks, places, words. Everything that a reader sees goes through CLDR. No tables."""
