"""What detectors see in real videos: a table, and sheets of frames with boxes to look at.

    python benchmarks/real_footage.py VIDEO... --detectors nanodet yolox_nano.onnx home-world --pictures DIR

Two frames a second, as a prediction looks at them. There is no annotation of these videos, so the table says what is
found and how much it costs, and the sheets are for a person to judge.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ag_core.models.detector import Detector, load_detector
from ag_core.records import Detections
from ag_core.taxonomy import OBJECT_CLASSES, PERSON, find_object_index
from ag_core.video.frames import probe_video, read_frames

MIN_SCORE = 0.3
"""Below it the screens show no box."""
COLUMNS, TILE_WH = 4, (320, 200)
PERSON_INDEX = find_object_index(PERSON)


def main() -> None:
    """Print one row for each video and detector."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--detectors", nargs="+", required=True, metavar="NAME|FILE.onnx")
    parser.add_argument("--pictures", type=Path, help="folder for a sheet of frames for each row")
    parser.add_argument("--most", type=int, default=60, help="frames of a video (default %(default)s)")
    options = parser.parse_args()
    detectors = {Path(name).stem: load_detector(name) for name in options.detectors}
    print("| video | frames | detector | with a person | with several | objects, by frames | seconds a frame |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for video in options.videos:
        frames = read_some(video, options.most)
        for name, detector in detectors.items():
            began = time.process_time()
            found = [find_sure(detector, frame) for frame in frames]
            seconds = (time.process_time() - began) / len(frames)
            print(f"| {video.name} | {len(frames)} | {name} | {describe(found)} | {seconds:.2f} |", flush=True)
            if options.pictures is not None:
                options.pictures.mkdir(parents=True, exist_ok=True)
                sheet = draw_sheet(frames, found)
                cv2.imwrite(str(options.pictures / f"{video.stem}-{name}.png"), sheet[:, :, ::-1])


def read_some(video: Path, most: int) -> list[NDArray[np.uint8]]:
    """Two frames a second of a video, evenly fewer where these are more than `most`."""
    facts = probe_video(video)
    wanted = np.linspace(1, facts.n_frames or 1, min(most, max(1, round(2 * facts.duration_s)))).round().astype(int)
    return [pixels for _, pixels in read_frames(video, sorted(set(wanted.tolist())))]


def find_sure(detector: Detector, frame: NDArray[np.uint8]) -> Detections:
    """What a detector finds in a frame and the screens would show."""
    (found,) = detector.detect([frame])
    return found[found.scores >= MIN_SCORE]


def describe(found: Sequence[Detections]) -> str:
    """Three cells: frames with a person, with several, and the object classes with the number of their frames."""
    people = np.array([(one.classes == PERSON_INDEX).sum() for one in found])
    objects = Counter(OBJECT_CLASSES[index] for one in found for index in set(one.classes.tolist()) - {PERSON_INDEX})
    listed = ", ".join(f"{name} {count}" for name, count in objects.most_common())
    return f"{(people > 0).sum()} | {(people > 1).sum()} | {listed or 'none'}"


def draw_sheet(
    frames: Sequence[NDArray[np.uint8]], found: Sequence[Detections], n_tiles: int = 12
) -> NDArray[np.uint8]:
    """A sheet of evenly chosen frames with their boxes."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, n_tiles).round().astype(int)).tolist()
    tiles = [draw_boxes(frames[place], found[place]) for place in chosen]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    return np.vstack([np.hstack(tiles[row : row + COLUMNS]) for row in range(0, len(tiles), COLUMNS)])


def draw_boxes(frame: NDArray[np.uint8], found: Detections) -> NDArray[np.uint8]:
    """A small copy of a frame with its boxes."""
    height, width = frame.shape[:2]
    tile = np.ascontiguousarray(cv2.resize(frame, TILE_WH), np.uint8)
    scale = np.tile([TILE_WH[0] / width, TILE_WH[1] / height], 2)
    for box, index, score in zip(found.boxes_xyxy * scale, found.classes, found.scores):
        x1, y1, x2, y2 = box.astype(int).tolist()
        colour = (255, 220, 0) if index == PERSON_INDEX else (0, 255, 120)
        cv2.rectangle(tile, (x1, y1), (x2, y2), colour, 1)
        cv2.putText(tile, f"{OBJECT_CLASSES[index]} {score:.0%}", (x1 + 2, max(y1 + 12, 12)), 0, 0.4, colour, 1)
    return tile


if __name__ == "__main__":
    main()
