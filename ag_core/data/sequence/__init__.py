"""Moments by a sequence of triplets: what is asked, how it is written, how it is answered."""
