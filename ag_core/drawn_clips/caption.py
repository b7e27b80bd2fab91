"""The strip below the picture: whose graph it is, the time, and what it says, a block of lines for each group.

The blocks stay where they are for the whole clip, so that an eye finds each group at its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from ag_core.drawn_clips.look import keep_known_letters, load_font, measure_text, shorten_text
from ag_core.drawn_clips.moments import DENIALS
from ag_core.graphs.edges import list_edges
from ag_core.graphs.palette import GROUP_STYLES, THEMES
from ag_core.records import MIN_PROBABILITY, SceneGraph
from ag_core.taxonomy import GROUP_OF_RELATION, OBJECT_CLASSES, PERSON, RELATIONS, Group, format_name, orient_triplet

MAX_LINES, MAX_NARROW_LINES = 2, 3
"""Of a group, on a strip that is wide enough for the names of groups, and on one that is not."""

SEPARATOR = "  ·  "
NAMES_FROM = 30
"""From so many times the height of a letter on the strip is wide enough for the names of the groups."""


def describe_graph(graph: SceneGraph | None, min_probability: float = MIN_PROBABILITY) -> dict[Group, tuple[str, ...]]:
    """What a graph says, by group, in pieces: 'holding food, dish', 'table in front of person'.

    What is denied comes last, everything else in the order of every list.
    """
    said: dict[Group, dict[str, list[str]]] = {group: {} for group in Group}
    if graph is not None:
        names = _name_objects(graph)
        for row, relation in list_edges(graph, min_probability).tolist():
            name = RELATIONS[relation]
            said[GROUP_OF_RELATION[name]].setdefault(name, []).append(names[row])
    return {
        group: tuple(_describe(name, ", ".join(of_group[name])) for name in sorted(of_group, key=DENIALS.__contains__))
        for group, of_group in said.items()
    }


def _describe(relation: str, things: str) -> str:
    triplet = orient_triplet(relation, things)
    words = (relation, things) if triplet.subject == PERSON else (triplet.subject, relation, triplet.object)
    return " ".join(map(format_name, words))


def _name_objects(graph: SceneGraph) -> list[str]:
    seen: dict[int, int] = {}
    names = []
    for thing, visible in zip(graph.object_classes.tolist(), graph.visible):
        seen[thing] = seen.get(thing, 0) + 1
        number = f" {seen[thing]}" if seen[thing] > 1 else ""
        names.append(format_name(OBJECT_CLASSES[thing]) + number + ("" if visible else " (not visible)"))
    return names


def wrap_pieces(pieces: Sequence[str], width: float, size: int, max_lines: int = MAX_LINES) -> list[str]:
    """Pieces in lines no wider than `width`, at most `max_lines`; where more is left, the last ends with an ellipsis.

    A piece that is wider goes on in the next line, after a comma.
    """
    lines: list[str] = []
    for part in (part for piece in pieces for part in _split_wide(piece, width, size)):
        if lines and measure_text(lines[-1] + SEPARATOR + part, size) <= width:
            lines[-1] += SEPARATOR + part
        elif len(lines) < max_lines:
            lines.append(part)
        else:
            lines[-1] = shorten_text(lines[-1].rstrip(",") + " …", width, size)
            break
    return [shorten_text(line, width, size) for line in lines]


def _split_wide(piece: str, width: float, size: int) -> list[str]:
    """A piece in parts that fit, as far as its commas let it be split."""
    parts: list[str] = []
    for words in piece.split(", "):
        if parts and measure_text(f"{parts[-1]}, {words},", size) <= width:
            parts[-1] += f", {words}"
        else:
            parts.append(words)
    return [part + "," for part in parts[:-1]] + parts[-1:]


@dataclass(frozen=True)
class CaptionLayout:
    """Where everything stands on the strips of a clip; `lines`: how many each group needs at most."""

    width: int
    text_size: int
    lines: dict[Group, int]
    dark: bool = False

    @property
    def pad(self) -> int:
        return round(0.8 * self.text_size)

    @property
    def line_height(self) -> int:
        return round(1.5 * self.text_size)

    @property
    def gap(self) -> int:
        """Above each group."""
        return round(0.4 * self.text_size)

    @property
    def is_wide(self) -> bool:
        """Whether the names of groups have room."""
        return self.width >= NAMES_FROM * self.text_size

    @property
    def text_x(self) -> int:
        """Where what a group says begins."""
        longest = max(measure_text(group.value, self.text_size) for group in Group)
        names = longest + self.text_size if self.is_wide else 0.0
        return self.pad + 2 * self.text_size + round(names)

    @property
    def text_width(self) -> int:
        return self.width - self.text_x - self.pad

    def wrap(self, pieces: Sequence[str]) -> list[str]:
        """What a group says, in lines."""
        return wrap_pieces(pieces, self.text_width, self.text_size, MAX_LINES if self.is_wide else MAX_NARROW_LINES)

    @property
    def height(self) -> int:
        """Even, as videos need it."""
        lines = 1 + sum(self.lines.values())
        high = 2 * self.pad + lines * self.line_height + len(self.lines) * self.gap
        return high + high % 2


def plan_caption(
    graphs: Sequence[SceneGraph], width: int, text_size: int, dark: bool, min_probability: float = MIN_PROBABILITY
) -> CaptionLayout:
    """A layout in which what any of the graphs says has its room."""
    bare = CaptionLayout(width, text_size, dict.fromkeys(Group, 1), dark)
    lines = dict.fromkeys(Group, 1)
    for graph in graphs:
        for group, pieces in describe_graph(graph, min_probability).items():
            lines[group] = max(lines[group], len(bare.wrap(pieces)))
    return CaptionLayout(width, text_size, lines, dark)


def draw_caption(layout: CaptionLayout, graph: SceneGraph | None, title: str, min_probability: float) -> Image.Image:
    """The strip of a graph, without the time."""
    theme, size = THEMES[layout.dark], layout.text_size
    strip = Image.new("RGB", (layout.width, layout.height), theme.page)
    draw = ImageDraw.Draw(strip)
    font = load_font(size)
    middle = layout.pad + layout.line_height / 2
    room = layout.width - 2 * layout.pad - measure_text("00:00.0", size) - size
    title = shorten_text(keep_known_letters(title), room, size)
    draw.text((layout.pad, middle), title, font=font, fill=theme.quiet, anchor="lm")
    said = describe_graph(graph, min_probability)
    for group, style in GROUP_STYLES.items():
        middle += layout.line_height + layout.gap
        lines = layout.wrap(said[group])
        _draw_letter(draw, layout.pad, middle, size, style.letter, style.colour(layout.dark), theme.page)
        if layout.is_wide:
            draw.text((layout.pad + 2 * size, middle), group.value, font=font, fill=theme.quiet, anchor="lm")
        for number, line in enumerate(lines or ["-"]):
            fill = theme.text if lines else theme.quiet
            draw.text((layout.text_x, middle + number * layout.line_height), line, font=font, fill=fill, anchor="lm")
        middle += (layout.lines[group] - 1) * layout.line_height
    return strip


def draw_time(strip: Image.Image, layout: CaptionLayout, time_s: float) -> Image.Image:
    """The strip with the time in its upper right corner."""
    drawn = strip.copy()
    at = (layout.width - layout.pad, layout.pad + layout.line_height / 2)
    font, fill = load_font(layout.text_size), THEMES[layout.dark].text
    tenths = int(10 * time_s + 0.001)
    text = f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"
    ImageDraw.Draw(drawn).text(at, text, font=font, fill=fill, anchor="rm")
    return drawn


def _draw_letter(
    draw: ImageDraw.ImageDraw, x: float, middle: float, size: int, letter: str, colour: str, ink: str
) -> None:
    """A group's letter on a plate of its colour."""
    half = round(0.62 * size)
    draw.rounded_rectangle((x, middle - half, x + 2 * half, middle + half), radius=round(size / 4), fill=colour)
    draw.text((x + half, middle), letter, font=load_font(round(0.85 * size)), fill=ink, anchor="mm")
