"""Annotations: readers of the official files, the store built from them, questions it answers."""
