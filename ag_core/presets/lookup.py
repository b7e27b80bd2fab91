"""A recipe by its short name."""

from collections.abc import Mapping
from typing import TypeVar

from ag_core.errors import UserError

Preset = TypeVar("Preset")


def find_preset(presets: Mapping[str, Preset], name: str) -> Preset:
    """One of `presets` by its short name; UserError lists the known ones."""
    if name not in presets:
        raise UserError(f"there is no preset {name!r}; known presets are {', '.join(presets)}")
    return presets[name]
