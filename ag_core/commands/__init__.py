"""The commands of `python -m ag_core`, one module each: options in, library call, print."""
