"""Draw the route of a parcel as an SVG map: stops in, markup and facts out."""
