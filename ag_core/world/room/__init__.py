"""Rooms, what stands in them, and the ways between."""
