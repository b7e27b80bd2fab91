"""Training and evaluation as functions: a store and video files in, a typed result out."""
