"""The stand-in world of the training tests, for the audits as well."""

from tests.experiments.conftest import one_thread, world

__all__ = ["one_thread", "world"]
