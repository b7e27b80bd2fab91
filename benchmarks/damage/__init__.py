"""Damaged files on purpose: seeds that make them, what is tried with them, and what must hold whatever is in them."""
