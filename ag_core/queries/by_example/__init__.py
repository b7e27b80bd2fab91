"""Search by example: a few moments of an action in, moments whose scene graphs are alike out."""
