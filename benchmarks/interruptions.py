"""Interrupts predictions, stores, trainings and films at many moments: old or new, never broken.

    python benchmarks/interruptions.py                          # all works, all faults, 20 moments each
    python benchmarks/interruptions.py --works predict store --faults kill --moments 5 --seed 3

What is done again after an interruption must come out as if nothing had happened. A full disk and a read-only folder
need the rights of an administrator; without them they are left out, and said so. Exit code 1 where anything is broken,
refused without a sentence, or another than undisturbed.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Set each work up, interrupt it, print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", nargs="+", choices=("predict", "store", "train", "film"), help="default: all")
    parser.add_argument("--faults", nargs="+", choices=("kill", "full disk", "read-only", "two writers"))
    parser.add_argument("--moments", type=int, default=20, help="of each fault in each work (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as Markdown")
    options = parser.parse_args()

    os.environ |= {"OMP_NUM_THREADS": "1"}
    sys.path.insert(0, str(ROOT))
    from benchmarks.damage.faults import FAULTS, may_mount, set_up
    from benchmarks.damage.works import WORKS, load_everything, use_tiny_networks

    load_everything()
    use_tiny_networks()
    lines, failed = ["# Interrupted works", ""], 0
    mounting = may_mount()
    for name in options.works or WORKS:
        with tempfile.TemporaryDirectory(prefix="interrupted-") as folder:
            Path(folder).chmod(0o755)
            bench = set_up(WORKS[name], Path(folder))
            for fault in options.faults or FAULTS:
                if fault in ("full disk", "read-only") and not mounting:
                    lines.append(f"- {name}, {fault}: left out, for want of an administrator's rights")
                    continue
                began, wrong = time.monotonic(), []
                for moment in range(options.moments):
                    draw = random.Random(f"{options.seed} {name} {fault} {moment}")
                    place = bench.make_place(f"{fault} {moment}")
                    if said := FAULTS[fault](bench, place, draw):
                        wrong.append(f"moment {moment}: {said}")
                        print(f"{name}, {fault}, {wrong[-1]}", flush=True)
                    shutil.rmtree(place)
                seconds = time.monotonic() - began
                failed += len(wrong)
                held = options.moments - len(wrong)
                lines.append(f"- {name}, {fault}: {held} of {options.moments} as they must be, {seconds:.0f} s")
                lines += [f"  - {said.splitlines()[-1]}" for said in wrong]
                print(lines[-1 - len(wrong)], flush=True)
    print("\n".join(lines))
    if options.report is not None:
        options.report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
