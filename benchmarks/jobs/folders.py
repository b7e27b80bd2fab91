"""Where a run of the benchmarks works: the generated release, the stores built from it, how often a job is measured.

Imports nothing of ag_core until it is asked: a process that is measured must load only what its side needs.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Folders:
    """A release folder (see make_release.py), a folder for stores and copies, and the number of measurements.

    larger: the sizes, in times the release, that are built for the job about growth.
    """

    data: Path
    work: Path
    repeats: int = 5
    larger: tuple[int, ...] = (10, 100)

    @property
    def annotations(self) -> Path:
        """The folder with the pickles."""
        return self.data / "annotations"

    @property
    def sources(self) -> dict[str, str]:
        """What a store is built from."""
        return {
            "charades": str(self.data / "charades"),
            "action_genome": str(self.annotations),
            "rates": str(self.data / "rates.csv"),
        }

    @cached_property
    def written(self) -> dict[str, int]:
        """The counts of the release, as it says itself."""
        written: dict[str, int] = self.description["written"]
        return written

    @cached_property
    def description(self) -> dict[str, Any]:
        """What release.json says."""
        description: dict[str, Any] = json.loads((self.data / "release.json").read_text())
        return description

    @cached_property
    def store(self) -> Path:
        """The store of the release, built when the first job asks for it, so never by another version."""
        self.work.mkdir(parents=True, exist_ok=True)
        path = self.work / "store.duckdb"
        build(path, self.sources)
        return path

    @cached_property
    def some_videos(self) -> list[str]:
        """A hundred train videos that are usual in training, by id, fewer where there are fewer."""
        from ag_core.annotations.store import AnnotationStore

        with AnnotationStore(self.store) as store:
            found = store.rows(
                """select video_id from videos v join frames f using (source, video)
                   where source = 'annotation' and split = 'train' and person_x1 is not null
                   and exists (select 1 from objects o where o.source = 'annotation' and o.frame_id = f.frame_id
                               and o.video = f.video and visible)
                   group by video_id having count(*) > 2 order by video_id limit 100"""
            )
        return [video_id for (video_id,) in found]


def build(out: Path, sources: dict[str, str]) -> None:
    """Build a store from what `Folders.sources` says, whatever is there already."""
    from ag_core.annotations.building.build import build_store

    charades, action_genome, rates = (Path(sources[name]) for name in ("charades", "action_genome", "rates"))
    build_store(out, charades, action_genome, rates=rates, force=True)
