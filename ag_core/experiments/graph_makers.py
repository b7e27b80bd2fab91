"""Which networks make the graphs that SGFB reads: a detector finds the boxes, a relation head judges the pairs."""

from dataclasses import dataclass
from pathlib import Path

from ag_core.catalog import DEFAULT_RELATION_HEAD, HOME_WORLD, find_detector, find_relation_head


@dataclass(frozen=True)
class GraphMakers:
    """Ids in the catalog of the detector that finds the boxes and of the relation head.

    Region features come from the detector `home-world` all the same: relation heads learned on what that one sees.
    """

    detector: str = HOME_WORLD
    relation_head: str = DEFAULT_RELATION_HEAD

    def find_files(self, weights: Path, of_regions: Path | None = None) -> dict[str, Path]:
        """The weights files in a folder by role: detector (whose region features are read), relations, and finder,
        which finds the boxes where that is another detector.

        of_regions  another folder, where the detector of the region features lies
        """
        files = {
            "detector": find_detector(HOME_WORLD).weights_path(of_regions or weights),
            "relations": find_relation_head(self.relation_head).weights_path(weights),
        }
        if self.detector != HOME_WORLD:
            files["finder"] = find_detector(self.detector).weights_path(weights)
        return files
