"""Writes annotations of the true size in the official layout: Charades csvs, Action Genome pickles, rates.

    python benchmarks/make_release.py --out DIR                     # 9,848 videos, 288,782 frames
    python benchmarks/make_release.py --out DIR --scale 0.01 --like FOLDER_WITH_GRAPHS --seed 1

DIR gets charades/, annotations/, rates.csv and release.json (what it was made of). Nothing in it is real: it is drawn
to be like real graphs (`--like`, a folder with ag_frames_*.jsonl) or like the showcase. Which counts are exact, and
which were chosen, stands in benchmarks/release/counts.py. The same seed gives the same bytes.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write one release and print its counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the published counts (default %(default)s)")
    parser.add_argument("--like", type=Path, metavar="DIR", help="folder with real graphs (default: the showcase)")
    parser.add_argument("--seed", type=int, default=0, help="default %(default)s")
    options = parser.parse_args()

    sys.path.insert(0, str(ROOT))
    from benchmarks.release.writing import write_release

    started = time.perf_counter()
    written = write_release(options.out, options.scale, options.like, options.seed)["written"]
    print(", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in written.items()))
    files = [*options.out.glob("charades/*"), *options.out.glob("annotations/*"), options.out / "rates.csv"]
    size = sum(path.stat().st_size for path in files)
    print(f"{options.out}: {size / 1e6:.0f} MB in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
