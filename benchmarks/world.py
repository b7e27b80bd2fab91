"""What a film of the home world costs: CPU seconds for each second of video, stage by stage.

    python benchmarks/world.py                                  # three films of home-20 at the usual size
    python benchmarks/world.py --profile home-60 --seeds 1 2 --seconds 4 --size 96x54

One process and one thread compose, draw and encode the films into a temporary folder, after a short film that loads
the compiled code. A stage is charged with its own work only: what it calls and is a stage itself counts there. The
absolute seconds depend on the machine and on what else runs there, so two revisions compare by their totals taken in
one sitting, and the stages of one run by their shares.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


class Clock:
    """Exclusive CPU seconds by stage: entering a stage stops the clock of the one around it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.stages = ["encode and the rest"]
        self.since = time.process_time()

    def turn(self) -> None:
        """Charge the time since the last turn to the innermost stage."""
        now = time.process_time()
        self.seconds[self.stages[-1]] += now - self.since
        self.since = now

    def measured(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """The function, its own work charged to a stage."""

        @wraps(function)
        def wrapper(*values: Any, **named: Any) -> Any:
            self.turn()
            self.stages.append(stage)
            try:
                return function(*values, **named)
            finally:
                self.turn()
                self.stages.pop()

        return wrapper

    def watch(self) -> None:
        """Put the clock round every stage of making a film."""
        from ag_core.world import film, scene
        from ag_core.world.motion import performance
        from ag_core.world.render import raster

        stages = [
            (film.Film, "__init__", "compose"),
            (performance.Performance, "at", "pose and things"),
            (scene.Scene, "move_mesh", "meshes"),
            (scene, "overwrite", "meshes"),
            (raster.Renderer, "draw", "passes between"),
            (raster, "rasterise", "visible triangles"),
            (raster, "draw_shadows", "shadows"),
            (raster, "measure_openness", "occlusion"),
            (raster, "smooth_image", "occlusion"),
            (raster, "shade", "shading"),
            (raster.Renderer, "extents", "seen and full size"),
            (scene.Scene, "read_state", "relations"),
            (film, "find_relations", "relations"),
            (scene.Scene, "develop", "develop"),
        ]
        for owner, name, stage in stages:
            setattr(owner, name, self.measured(getattr(owner, name), stage))


def main() -> None:
    """Make the films and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="home-20", help="what is filmed (default %(default)s)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="default 1 2 3")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each film (default %(default)s)")
    parser.add_argument("--size", metavar="WxH", help="pixels (default: the film's own)")
    options = parser.parse_args()
    size_wh: tuple[int, int] | None = None
    if options.size:
        width, height = (int(v) for v in options.size.split("x"))
        size_wh = width, height

    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is loaded
    sys.path.insert(0, str(ROOT))
    from ag_core.world.export import write_film
    from ag_core.world.film import compose_film

    with tempfile.TemporaryDirectory() as folder:
        write_film(compose_film(options.profile, "train", 0, (96, 54), 0.5), Path(folder))
        clock = Clock()
        clock.watch()
        for seed in options.seeds:
            started = time.process_time()
            one = compose_film(options.profile, "train", seed, size_wh, options.seconds)
            write_film(one, Path(folder))
            spent = time.process_time() - started
            print(
                f"seed {seed}: {one.width}x{one.height}, {one.n_frames} frames, "
                f"{len(one.scene.geometry.faces):,} triangles, "
                f"{len(one.scene.labelled)} objects: {spent:.2f} CPU s, {spent / options.seconds:.3f} for each second"
            )
        clock.turn()
    total, filmed = sum(clock.seconds.values()), len(options.seeds) * options.seconds
    print(f"\n{'stage':24}{'CPU s a video s':>16}{'share':>8}")
    for stage, seconds in sorted(clock.seconds.items(), key=lambda entry: -entry[1]):
        print(f"{stage:24}{seconds / filmed:16.3f}{seconds / total:8.1%}")
    print(f"{'all':24}{total / filmed:16.3f}")


if __name__ == "__main__":
    main()
