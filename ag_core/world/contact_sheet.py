"""Contact sheets of films, for a person to look at: one film with its labels, or many films with a frame of each.

python -m ag_core.world.contact_sheet --seed 7 --split train --out sheet.png            # nine moments of one film
python -m ag_core.world.contact_sheet --seed 100 --films 24 --split val --out sheet.jpg # one moment of each of 24 films
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ag_core.files import stage_file
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, RELATIONS
from ag_core.world.action_table import DEFAULT_PROFILE, PROFILES
from ag_core.world.film import SECONDS, compose_film
from ag_core.world.truth import WorldTruth

IDLE = ("not_contacting", "not_looking_at", "in_front_of", "behind", "on_the_side_of", "unsure")
"""An object with these relations alone is not drawn."""
TILE_WH = (320, 180)


def annotate_frame(frame: NDArray[np.uint8], truth: WorldTruth, k: int) -> NDArray[np.uint8]:
    """The frame at twice its size with the person's and the involved objects' boxes and words."""
    image = cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    for n, c in enumerate(truth.classes):
        words = [RELATIONS[r] for r in np.flatnonzero(truth.relations[k, n])]
        if truth.visibility[k, n] < 0.1 or (c != 0 and all(word in IDLE for word in words)):
            continue
        x0, y0, x1, y1 = (int(2 * v) for v in truth.boxes_xyxy[k, n])
        colour = (66, 135, 245) if c == 0 else (60, 200, 90)
        cv2.rectangle(image, (x0, y0), (x1 - 1, y1 - 1), colour, 1)
        text = OBJECT_CLASSES[c] + (": " + ",".join(w[:9] for w in words if w != "not_contacting") if c else "")
        write_text(image, text, x0 + 2, min(max(12, y0 - 3), image.shape[0] - 6), 0.36)
    now = [ACTIONS[a].label for a, start, end in truth.actions if start <= k / truth.fps < end]
    for i, text in enumerate(now):
        write_text(image, text, 6, image.shape[0] - 8 - 15 * i, 0.42)
    write_text(image, f"{truth.video_id} {truth.scene[:20]} {k / truth.fps:.1f} s", 6, 14, 0.42)
    return image


def write_text(image: NDArray[np.uint8], text: str, x: int, y: int, size: float) -> None:
    """White words with a dark edge."""
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)


def tile_frames(tiles: list[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Frames of one size as rows of `columns`."""
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])


def draw_film_sheet(profile: str, split: str, seed: int, count: int) -> NDArray[np.uint8]:
    """`count` evenly spaced, annotated frames of one film as one RGB frame."""
    one = compose_film(profile, split, seed)
    frames = list(one.frames())
    chosen = np.linspace(2, len(frames) - 2, count).astype(int)
    return tile_frames([annotate_frame(frames[k], one.truth, int(k)) for k in chosen], 3)


def draw_films_sheet(profile: str, split: str, seed: int, films: int) -> NDArray[np.uint8]:
    """One plain frame of each film from `seed` on, at a moment that differs from film to film."""
    tiles = []
    for number in range(films):
        frame = compose_film(profile, split, seed + number).draw_still((0.1 + 0.8 * (number * 0.618 % 1)) * SECONDS)
        scale = min(TILE_WH[0] / frame.shape[1], TILE_WH[1] / frame.shape[0])
        small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        tile = np.full((TILE_WH[1], TILE_WH[0], 3), 24, np.uint8)
        y, x = (TILE_WH[1] - small.shape[0]) // 2, (TILE_WH[0] - small.shape[1]) // 2
        tile[y : y + small.shape[0], x : x + small.shape[1]] = small
        tiles.append(tile)
    return tile_frames(tiles, 6 if films > 9 else 3)


def main() -> None:
    """Parse the options and write the frame."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="train", choices=("train", "val"))
    parser.add_argument("--profile", default=DEFAULT_PROFILE, choices=PROFILES)
    parser.add_argument("--count", type=int, default=9, help="pictures of one film (default %(default)s)")
    parser.add_argument("--films", type=int, help="instead: one picture of each of so many films")
    parser.add_argument("--out", type=Path, required=True, help="a .png or .jpg file")
    options = parser.parse_args()
    if options.films:
        sheet = draw_films_sheet(options.profile, options.split, options.seed, options.films)
    else:
        sheet = draw_film_sheet(options.profile, options.split, options.seed, options.count)
    with stage_file(options.out) as staged:
        cv2.imwrite(str(staged), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])


if __name__ == "__main__":
    main()
