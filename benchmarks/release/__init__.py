"""Draws annotations of the true size in the official layout, so that what holds at scale can be measured anywhere."""
