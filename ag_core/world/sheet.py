"""A contact sheet of films with boxes, relations and actions drawn, for a person to look at.

python -m ag_core.world.sheet --seed 7 --count 3 --split train --out sheet.png
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, RELATIONS
from ag_core.world.film import film
from ag_core.world.truth import WorldTruth


def annotated(picture: NDArray[np.uint8], truth: WorldTruth, k: int) -> NDArray[np.uint8]:
    """The picture at twice its size with the person's and the involved objects' boxes and words."""
    image = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    for n, c in enumerate(truth.classes):
        words = [RELATIONS[r] for r in np.flatnonzero(truth.relations[k, n])]
        busy = any(
            w not in ("not_contacting", "not_looking_at", "in_front_of", "behind", "on_the_side_of", "unsure")
            for w in words
        )
        if truth.visibility[k, n] < 0.1 or (not busy and c != 0):
            continue
        x0, y0, x1, y1 = (int(2 * v) for v in truth.boxes_xyxy[k, n])
        colour = (66, 135, 245) if c == 0 else (60, 200, 90)
        cv2.rectangle(image, (x0, y0), (x1 - 1, y1 - 1), colour, 1)
        text = OBJECT_CLASSES[c] + (": " + ",".join(w[:9] for w in words if w != "not_contacting") if c else "")
        write(image, text, x0 + 2, min(max(12, y0 - 3), image.shape[0] - 6), 0.36)
    now = [ACTIONS[a].label for a, start, end in truth.actions if start <= k / truth.fps < end]
    for i, text in enumerate(now):
        write(image, text, 6, image.shape[0] - 8 - 15 * i, 0.42)
    write(image, f"{truth.video_id} {truth.scene} {k / truth.fps:.1f} s", 6, 14, 0.42)
    return image.astype(np.uint8, copy=False)


def write(image: NDArray, text: str, x: int, y: int, size: float) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)


def contact_sheet(split: str, seed: int, count: int = 9, columns: int = 3) -> NDArray[np.uint8]:
    """`count` evenly spaced, annotated frames of one film as one RGB picture."""
    one = film("home-20", split, seed)
    pictures = list(one.frames())
    chosen = np.linspace(2, len(pictures) - 2, count).astype(int)
    tiles = [annotated(pictures[k], one.truth, int(k)) for k in chosen]
    while len(tiles) % columns:
        tiles.append(np.zeros_like(tiles[0]))
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="train", choices=("train", "val"))
    parser.add_argument("--count", type=int, default=9, help="frames")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    sheet = contact_sheet(options.split, options.seed, options.count)
    cv2.imwrite(str(options.out), sheet[..., ::-1])


if __name__ == "__main__":
    main()
