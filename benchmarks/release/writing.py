"""Draws a release and writes its folder: charades/, annotations/, rates.csv and release.json, which says what it is."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.files import write_atomically
from ag_core.settings import ASSETS
from benchmarks.release.counts import PUBLISHED
from benchmarks.release.files import write_action_genome, write_charades, write_rates
from benchmarks.release.graphs import draw_graphs, n_paper_relations
from benchmarks.release.likeness import read_likeness
from benchmarks.release.videos import Status, draw_frames, draw_videos


def write_release(out: Path, scale: float = 1.0, like: Path | None = None, seed: int = 0) -> dict[str, Any]:
    """Write annotations of `scale` times the published size into a folder; returns what release.json says."""
    counts, drawn_like = PUBLISHED.scaled(scale), read_likeness(like, ASSETS / "showcase")
    rng = np.random.default_rng(seed)
    videos = draw_videos(counts, drawn_like, rng)
    frames = draw_frames(videos, counts, rng)
    graphs = draw_graphs(videos, frames, counts, drawn_like, rng)
    write_charades(out / "charades", videos, rng)
    write_rates(out / "rates.csv", videos)
    write_action_genome(out / "annotations", videos, frames, graphs, rng)
    kept = graphs.visible & (frames.status[graphs.frame] == Status.KEPT)
    description = {
        "drawn_like": drawn_like.name,
        "seed": seed,
        "scale": scale,
        "wanted": asdict(counts),
        "written": {
            "charades_videos": len(videos.ids),
            "action_intervals": len(videos.action),
            "videos": len(np.unique(frames.video)),
            "frames": len(frames.video),
            "kept_frames": int((frames.status == Status.KEPT).sum()),
            "entries": len(graphs.frame),
            "boxes": int(graphs.visible.sum()),
            "kept_boxes": int(kept.sum()),
            "relations": n_paper_relations(graphs.masks[graphs.visible]),
            "kept_relations": n_paper_relations(graphs.masks[kept]),
        },
    }
    write_atomically(out / "release.json", json.dumps(description, indent=1) + "\n")
    return description
