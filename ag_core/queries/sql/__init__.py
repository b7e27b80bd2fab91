"""SQL of a visitor, answered read-only in a process of its own."""
