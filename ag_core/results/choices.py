"""What may be chosen of a film of the home world, and of a prediction.

Imports nothing, so that the commands tell their options at once.
"""

MAX_RATE = 30.0
"""Graphs per second that a prediction may have."""

MAX_PERSON = 4
"""Of the people in a video, by how much they are there, the last who can be followed."""

MAX_MIN_SIDE_PX = 500
"""The largest size below which objects may be left out."""

SPLITS = ("val", "train")
"""Whose people and things appear in a film."""

LENGTHS_S = (12, 20, 30)
"""Of films; the first is taken where nobody chooses."""

MAX_ACTIONS = 6
"""Requested of one film."""

N_SEEDS = 30_000_000
"""Seeds are 0 to one less."""

USUAL_EVIDENCE = 0.5
"""How far a relation head's own evidence counts where relationships are put right for real homes; a choice, since no
real video with annotated boxes is at hand to measure it."""
