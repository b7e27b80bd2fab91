"""Tries damaged files on the program: hundreds of media, annotation and prediction files, each made from a seed.

    python benchmarks/damaged_files.py media --count 500 --report FILE
    python benchmarks/damaged_files.py data --count 500 --seed 1000
    python benchmarks/damaged_files.py media --seed 217 --count 1 --keep DIR      # one case again, its files kept

A case passes where it ends with an answer in which nothing is impossible, or with one sentence: no crash, no traceback,
no hang, no more memory than a small file can need, nothing wrong that a checker can see. Exit code 1 where one fails.
"""

import argparse
import os
import random
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.damage.isolation import Outcome

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Run the cases, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("media", "data"))
    parser.add_argument("--count", type=int, default=500, help="cases (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first case (default %(default)s)")
    parser.add_argument("--limit", type=float, default=20.0, help="seconds of work until a case hangs")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the files of every case that fails, or of --count 1"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as Markdown")
    options = parser.parse_args()

    os.environ |= {"OMP_NUM_THREADS": "1", "STREAMLIT_LOGGER_LEVEL": "error"}
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="damaged-") as folder:
        os.environ["AG_HOME"] = f"{folder}/home"
        return _run(options, Path(folder))


def _run(options: argparse.Namespace, folder: Path) -> int:
    from benchmarks.damage.isolation import run_apart

    prepare = {"media": _prepare_media, "data": _prepare_data}[options.what]
    make_trial = prepare(folder)
    outcomes: list[tuple[int, str, Outcome]] = []
    for seed in range(options.seed, options.seed + options.count):
        scratch = folder / "case"
        scratch.mkdir()
        words, trial = make_trial(seed, scratch)
        outcome = run_apart(trial, options.limit)
        outcomes.append((seed, words, outcome))
        if not outcome.passed or options.count == 1:
            print(f"{seed}: {outcome.word} after {outcome.seconds:.1f} s of work, {words}\n{outcome.said}", flush=True)
            if options.keep is not None:
                shutil.copytree(scratch, options.keep / f"{options.what}-{seed}", dirs_exist_ok=True, symlinks=True)
        shutil.rmtree(scratch)
    report = _format_report(options, outcomes)
    print(report)
    if options.report is not None:
        options.report.write_text(report + "\n", encoding="utf-8")
    return 0 if all(outcome.passed for _, _, outcome in outcomes) else 1


Trial = Callable[[], str]


def _prepare_media(folder: Path) -> Callable[[int, Path], tuple[str, Trial]]:
    import torch

    from benchmarks.damage.media import damage_media
    from benchmarks.damage.media_trial import load_cheap_models, try_media

    torch.set_num_threads(1)
    models = load_cheap_models()

    def make_trial(seed: int, scratch: Path) -> tuple[str, Trial]:
        ending, content, words = damage_media(seed)
        path = scratch / "videos" / f"case.{ending}"
        path.parent.mkdir()
        path.write_bytes(content)
        depth = 2 if seed % 20 == 0 else 1 if seed % 4 == 0 else 0
        return words, lambda: try_media(path, models, random.Random(seed), depth, scratch)

    return make_trial


def _prepare_data(folder: Path) -> Callable[[int, Path], tuple[str, Trial]]:
    from benchmarks.damage.data_trial import DataTrials

    return DataTrials(folder / "whole").make_trial


def _format_report(options: argparse.Namespace, outcomes: "list[tuple[int, str, Outcome]]") -> str:
    """What came out, the failures by kind with the seeds of each and the command that makes one again."""
    words = Counter(outcome.word for _, _, outcome in outcomes)
    slowest = max(outcomes, key=lambda case: case[2].seconds)
    largest = max(outcome.megabytes for _, _, outcome in outcomes)
    lines = [
        f"# {len(outcomes)} damaged {options.what} files, seeds {options.seed} to {options.seed + len(outcomes) - 1}",
        "",
        ", ".join(f"{count} {word}" for word, count in words.most_common())
        + f"; the longest took {slowest[2].seconds:.1f} s of work (seed {slowest[0]}), at most {largest:.0f} MB",
        "",
    ]
    kinds: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for seed, told, outcome in outcomes:
        if not outcome.passed:
            last = outcome.said.strip().splitlines()[-1] if outcome.said.strip() else ""
            kinds[f"{outcome.word}: {re.sub(r'[0-9]+', 'N', last[:160])}"].append((seed, told))
    for kind, cases in sorted(kinds.items(), key=lambda item: -len(item[1])):
        lines += [f"- {len(cases)} x {kind} (seeds {', '.join(str(seed) for seed, _ in cases)})"]
        lines += [
            f"  - seed {seed} ({told}): `python benchmarks/damaged_files.py {options.what} --seed {seed} --count 1`"
            for seed, told in cases[:2]
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
