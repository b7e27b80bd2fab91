"""Weights that others published, made into this project's: what their files hold, and which tensor of ours is which."""
