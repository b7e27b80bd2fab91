"""From a catalog entry's words to the thing itself: the one place that turns 'module:name' into a class or function."""

from dataclasses import fields
from importlib import import_module
from operator import attrgetter
from typing import Any


def import_reference(reference: str) -> Any:
    """What 'module:name' names; 'module:Class.method' works too. ValueError where there is no such thing."""
    module, _, name = reference.partition(":")
    try:
        return attrgetter(name)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the catalog names {reference!r}, which cannot be imported ({error})") from error


def select_own_arguments(preset: Any, family: type) -> dict[str, Any]:
    """The fields that a preset adds to its family's: its model's arguments by name."""
    shared = {field.name for field in fields(family)}
    return {field.name: getattr(preset, field.name) for field in fields(preset) if field.name not in shared}
