"""Video models: clip networks, feature-bank operators, and both together."""
