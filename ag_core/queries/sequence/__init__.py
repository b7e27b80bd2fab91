"""Intervals found by a sequence of triplets: the query as a value, as text, as SQL."""
