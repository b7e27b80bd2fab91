"""Every clip network at a size for tests."""

from dataclasses import replace
from typing import Any

from ag_core.presets import (
    DEMO_SLOWFAST,
    DEMO_SLOWFAST_NL,
    DEMO_STRG,
    DEMO_TIMECEPTION,
    I3dPreset,
    VideoPreset,
)


def list_tiny_networks(i3d: I3dPreset) -> dict[str, VideoPreset]:
    """A very small preset of every clip network of the catalog by its id, for clips like those of a small I3D."""
    clip: dict[str, Any] = {"size_wh": i3d.size_wh, "frames": i3d.frames, "latent_size": i3d.latent_size}
    segments: dict[str, Any] = clip | {"frames": 2 * i3d.frames, "segment_frames": i3d.frames}
    narrow: dict[str, Any] = {"base_width": 4, "fast_width": 2}
    return {
        "i3d": i3d,
        "slowfast": replace(DEMO_SLOWFAST, name="slowfast-tiny", **narrow, **clip),
        "slowfast-nl": replace(DEMO_SLOWFAST_NL, name="slowfast-nl-tiny", **narrow, **clip),
        "timeception": replace(DEMO_TIMECEPTION, name="timeception-tiny", body=i3d, hidden=8, **segments),
        "strg": replace(DEMO_STRG, name="strg-tiny", body=i3d, width=8, **clip),
    }
