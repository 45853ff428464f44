"""Format times, places, numbers and units for a reader's language and country, with the data of CLDR. No models."""
