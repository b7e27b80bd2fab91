"""Predicting many videos into one lake: where they come from, one video, the engines, the run."""
