"""Audits of a home world: what it gives away, how balanced it is, how far from the real annotations."""
