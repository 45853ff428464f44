"""Where rooms meet: raw messages become events, events move shipments on, and carriers are asked again in time."""
