"""The procedural home world: rooms, people and actions with exact truth."""
