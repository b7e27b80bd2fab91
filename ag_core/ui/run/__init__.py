"""The parts of page Run: which video, which models, the queue of jobs, and the result."""
