"""The tabs of the page Statistics."""
