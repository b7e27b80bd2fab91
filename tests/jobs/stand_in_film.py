"""A process that makes a stand-in film as `python -m ag_core film --events` does; the seed says how it behaves."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from ag_core.files import stage_folder
from ag_core.records import ActionInterval, Video
from ag_core.results.film_cache import FilmOrder, MadeFilm
from ag_core.taxonomy import action_index
from tests.conftest import FPS, LENGTH, SIZE_WH, stand_in_prediction, write_clip

REFUSED, DIES, SLOW = 101, 102, 103


def stand_in_film(folder: Path, order: FilmOrder) -> Path:
    """A film of 3 s in which the first wish is shown and the others are not."""
    video = Video("AB1CD", LENGTH / FPS, FPS, *SIZE_WH, LENGTH, order.split, "V001", "Kitchen", "A person sits.")
    intervals = tuple(ActionInterval("AB1CD", action, 0.5, 2.5) for action in order.actions[:1])
    unmet = tuple((action, "no table is in this room") for action in order.actions[1:])
    graphs = stand_in_prediction("AB1CD").frames
    with stage_folder(folder / order.key) as staged:
        write_clip(staged / "AB1CD.mp4", colour=(120, 90, 60))
        MadeFilm(order, video, intervals, unmet, graphs, "id,subject\r\n").save(staged)
    return folder / order.key


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--seed", "--seconds"):
        parser.add_argument(name, type=int)
    parser.add_argument("--split")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--actions", nargs="*")
    parser.add_argument("--events", action="store_true")
    options = parser.parse_args()
    order = FilmOrder(options.seed, tuple(map(action_index, options.actions)), options.split, options.seconds)
    if options.seed == REFUSED:
        print("error: this one is refused; give another", file=sys.stderr)
        sys.exit(1)
    if options.seed == DIES:
        os._exit(3)
    print("a library that prints to stdout")
    steps = 2000 if options.seed == SLOW else 3
    if options.seed == SLOW:
        writing = stage_folder(options.out / order.key)
        writing.__enter__()  # it is killed while it writes
    for step in range(steps + 1):
        print(json.dumps({"stage": "drawing", "done": step, "total": steps, "seconds": 0.01 * step}), flush=True)
        time.sleep(0.01)
    stand_in_film(options.out, order)


if __name__ == "__main__":
    main()
