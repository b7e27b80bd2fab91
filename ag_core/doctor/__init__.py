"""The doctor: what is odd in the annotations of a store, how much of it, where, and what to do. Changes nothing."""
