"""Files and stores: the real formats, the annotation store, frames of videos."""
