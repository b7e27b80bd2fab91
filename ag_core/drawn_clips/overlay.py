"""Boxes and labels over a picture, as the player draws them.

Lines are solid for what is annotated or predicted in this very frame, in fine dashes for what moves between two graphs,
in long ones for what is held. The gaps open within a third of a second, so that nothing flickers at the frame of a
graph.
"""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from ag_core.drawn_clips.look import ATTENTION, CONTACT, HALO, NEUTRAL, load_font, measure_text
from ag_core.drawn_clips.moments import ShownBox, Way
from ag_core.taxonomy import Group

DASHES = {Way.HERE: (0.0, 0.0), Way.BETWEEN: (4.0, 4.0), Way.HELD: (10.0, 7.0)}
"""Dash and gap, in pixels beside letters of 12 pixels."""

OPEN_S = 0.33
HALF_LINE, CORNER = 0.9, 10.0
"""Half the width of a line and how far the marks at corners reach, in the same pixels."""

Corners = tuple[int, int, int, int]


def draw_boxes(
    picture: Image.Image, boxes: Sequence[ShownBox], scale: tuple[float, float], text_size: int, predicted: bool
) -> Image.Image:
    """The picture with boxes and labels. `scale`: pixels of the picture for each of the video, across and down.

    predicted: boxes get marks at their corners, and labels their score.
    """
    drawn = picture.copy()
    draw = ImageDraw.Draw(drawn, "RGBA")
    unit = text_size / 12
    width = 2 * max(1, round(HALF_LINE * unit))
    placed = [(box, _place_box(box, scale, drawn.size, width)) for box in boxes]
    placed.sort(key=lambda one: -(one[1][2] - one[1][0]) * (one[1][3] - one[1][1]))
    for box, corners in placed:
        dash, gap = DASHES[box.way]
        gap *= min(1.0, box.age_s / OPEN_S)
        colour = choose_colour(box)
        for thick, paint in ((width + 2, HALO), (width, colour)):
            _draw_outline(draw, corners, thick, paint, round(dash * unit), round(gap * unit))
        if predicted:
            _draw_corner_marks(draw, corners, width + 2, colour, round(CORNER * unit))
    _draw_labels(draw, placed[::-1], drawn.size, text_size, predicted)
    return drawn


def choose_colour(box: ShownBox) -> str:
    """Purple in contact, orange when looked at, white otherwise."""
    return {Group.CONTACT: CONTACT, Group.ATTENTION: ATTENTION}.get(box.group or Group.SPATIAL, NEUTRAL)


def _place_box(box: ShownBox, scale: tuple[float, float], size: tuple[int, int], width: int) -> Corners:
    """A box in whole pixels of the picture, far enough inside that its line is seen all around.

    Lines begin at even pixels: a video has one colour for each two by two of them, and others would look pale.
    """
    inside = width // 2 + 1
    x1, y1, x2, y2 = (
        min(max(round(float(at) * scale[axis]), inside), size[axis] - 1 - inside)
        for axis, at in zip((0, 1, 0, 1), box.box_xyxy)
    )
    odd = (width // 2) % 2
    x1, y1, x2, y2 = (2 * (at // 2) + odd for at in (x1, y1, max(x2, x1 + 2), max(y2, y1 + 2)))
    return x1, y1, x2, y2


def _draw_outline(
    draw: ImageDraw.ImageDraw, corners: Corners, width: int, paint: str | tuple[int, ...], dash: int, gap: int
) -> None:
    """The outline, its line in the middle of the box's edge; without a gap it is solid."""
    x1, y1, x2, y2 = corners
    before = width // 2
    after = width - 1 - before
    if gap < 1:
        draw.rectangle((x1 - before, y1 - before, x2 + after, y1 + after), fill=paint)
        draw.rectangle((x1 - before, y2 - before, x2 + after, y2 + after), fill=paint)
        draw.rectangle((x1 - before, y1 + after + 1, x1 + after, y2 - before - 1), fill=paint)
        draw.rectangle((x2 - before, y1 + after + 1, x2 + after, y2 - before - 1), fill=paint)
        return
    for start, end in _list_dashes(x1, x2, dash, gap, before, after):
        for y in (y1, y2):
            draw.rectangle((start, y - before, end, y + after), fill=paint)
    for start, end in _list_dashes(y1, y2, dash, gap, before, after):
        for x in (x1, x2):
            draw.rectangle((x - before, start, x + after, end), fill=paint)


def _list_dashes(first: int, last: int, dash: int, gap: int, before: int, after: int) -> list[tuple[int, int]]:
    """First and last pixel of each dash of a side, which has one at both ends, around the corners."""
    count = round((last - first - dash) / (dash + gap))
    if count < 1:
        return [(first - before, last + after)]
    starts = [first + round(number * (last - dash - first) / count) for number in range(count + 1)]
    inner = [(start, start + dash - 1) for start in starts]
    return [(first - before, inner[0][1]), *inner[1:-1], (inner[-1][0], last + after)]


def _draw_corner_marks(draw: ImageDraw.ImageDraw, corners: Corners, width: int, colour: str, reach: int) -> None:
    x1, y1, x2, y2 = corners
    reach = max(1, min(reach, (x2 - x1) // 3, (y2 - y1) // 3))
    before = width // 2
    after = width - 1 - before
    for x, right in ((x1, 1), (x2, -1)):
        for y, below in ((y1, 1), (y2, -1)):
            left, top = min(x, x + right * reach), min(y, y + below * reach)
            draw.rectangle((left - before, y - before, left + reach + after, y + after), fill=colour)
            draw.rectangle((x - before, top - before, x + after, top + reach + after), fill=colour)


def _draw_labels(
    draw: ImageDraw.ImageDraw,
    placed: Sequence[tuple[ShownBox, Corners]],
    size: tuple[int, int],
    text_size: int,
    predicted: bool,
) -> None:
    """Labels above their box, or inside where there is no room; they step aside for one another, the smallest first."""
    font = load_font(text_size)
    pad = round(text_size * 0.4)
    high = text_size + pad
    taken: list[tuple[float, float, float]] = []
    for box, (x1, y1, _, y2) in placed:
        text = box.label + (f" {box.score:.0%}" if predicted and box.score < 1 else "")
        wide = measure_text(text, text_size) + 2 * pad
        x = min(max(0.0, x1 - 1.0), max(0.0, size[0] - wide))
        places = (y1 - high - 1, y1 + 2, y2 - high - 1, y2 + 2, y1 + high + 3)
        y = next(
            (
                y
                for y in places
                if 0 <= y <= size[1] - high
                and not any(x < left + width and left < x + wide and abs(y - top) < high for left, top, width in taken)
            ),
            None,
        )
        if y is None:
            continue
        taken.append((x, y, wide))
        draw.rounded_rectangle((x, y, x + wide, y + high - 1), radius=round(text_size / 4), fill=HALO)
        draw.text((x + pad, y + high / 2), text, font=font, fill=choose_colour(box), anchor="lm")
