"""Alerts: rules that find what is wrong with a parcel, the limits they use, and the rows that open and close."""
