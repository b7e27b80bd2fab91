"""Queries that a visitor writes: SQL in a sandbox, and sequences of triplets."""
