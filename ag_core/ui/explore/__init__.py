"""The parts of page Explore: its filters, its wall of videos, and the playing of a card."""
