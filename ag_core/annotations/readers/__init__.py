"""Readers of the real formats, each translating once, and what they repaired or refused."""
