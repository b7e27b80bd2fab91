"""The protocols: average precision and scene-graph recall. NumPy only."""
