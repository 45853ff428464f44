"""Stored payloads become events; events update shipments, alerts, buyer tasks, forecasts and notices."""
