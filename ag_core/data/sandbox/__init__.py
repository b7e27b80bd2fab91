"""A stranger's SQL, answered in a process of its own."""
