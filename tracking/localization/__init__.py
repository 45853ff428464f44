"""Values in the reader's own terms: clocks, places, words. What a reader sees goes through CLDR. No tables."""
