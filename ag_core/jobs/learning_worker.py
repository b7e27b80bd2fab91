"""The process that learns from corrected frames: `python -m ag_core.jobs.learning_worker`; what it hears: serving.py.

A job names "videos", pairs of a video file and the file of its corrections, and the "head" that shall learn. The answer
says under which name it was kept among the own weights, and what it gained (results/learned_heads.py).
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ag_core.jobs.messages import Message
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress
from ag_core.results.corrections import Corrections
from ag_core.settings import WEIGHTS


class LearningWork:
    """Lets heads learn, one after the other."""

    name = "the learning"

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self.weights = weights
        self.learned = 0

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> Message:
        """Learn and keep the head. Raises Cancelled, and UserError for what a user can mend."""
        progress("loading models", 0, 1)
        from ag_core.experiments.adaptation import CorrectedVideo, learn_from_corrections  # seconds to import

        videos = [CorrectedVideo(Path(video), Corrections.load(Path(file)).frames) for video, file in job["videos"]]
        found = learn_from_corrections(videos, job["head"], self.weights, progress, is_cancelled)
        self.learned += 1
        return Message({"learned": found.to_json()})

    def describe_status(self) -> dict[str, Any]:
        """How often something was learned."""
        return {"learned": self.learned}


def main() -> None:
    """Run the process on stdin and stdout until stdin closes."""
    parser = argparse.ArgumentParser(prog="python -m ag_core.jobs.learning_worker", description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the weights to begin with")
    serve_process(LearningWork(parser.parse_args().weights))


if __name__ == "__main__":
    main()
