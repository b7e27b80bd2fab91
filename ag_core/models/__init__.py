"""The networks: detector, relation heads, feature bank, video models."""
