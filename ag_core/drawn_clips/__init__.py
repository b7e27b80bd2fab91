"""Clips to take along: a part of a video with boxes, labels and relationships drawn into the picture, as MP4 or GIF."""
