"""What is wrong with a parcel: rules over its scans, how long things usually take, and the alarms that are open."""
