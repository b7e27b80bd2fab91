"""Relation heads behind one interface."""
