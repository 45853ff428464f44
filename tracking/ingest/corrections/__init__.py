"""What people correct about a parcel: its carrier, its numbers, and where it stands."""
