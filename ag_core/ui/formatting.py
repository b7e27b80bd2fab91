"""How the screens write numbers, times, names and file names. Knows no Streamlit and fetches nothing."""

import math
import re
from datetime import date

from ag_core.graphs.edges import MIN_SCORE
from ag_core.records import MIN_PROBABILITY, FrameClock, SceneGraph
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, RELATIONS, find_action_index, format_name

WHAT_COUNTS = f"objects from {100 * MIN_SCORE:.0f} %, relationships from {100 * MIN_PROBABILITY:.0f} % on"
"""What of a prediction is counted, and drawn, as the notes above its numbers say it."""


def format_number(n: float) -> str:
    """A count with thousands separators: 1715568 -> '1,715,568'."""
    return f"{n:,.0f}"


def format_percent(share: float) -> str:
    """A share of one as percent with one decimal: 0.4249 -> '42.5 %'. Only all is 100.0 %, and only none is 0.0 %."""
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def format_clock(time_s: float) -> str:
    """A time as minutes, seconds and milliseconds: 62.5 -> '1:02.500'."""
    milliseconds = round(1000 * time_s)
    return f"{milliseconds // 60000}:{milliseconds // 1000 % 60:02d}.{milliseconds % 1000:03d}"


def format_position(time_s: float, clock: FrameClock | None) -> str:
    """A time with its 1-based frame number: '0:02.500, frame 31'; the time alone where the rate is unknown."""
    return format_clock(time_s) + (f", frame {clock.frame_at(time_s)}" if clock else "")


def format_rate(clock: FrameClock | None) -> str:
    """How fast frames follow: '30 frames per second', 'varies, mostly 30 frames per second' or 'unknown'."""
    if clock is None:
        return "unknown"
    return ("" if clock.even else "varies, mostly ") + f"{clock.fps:g} frames per second"


def format_graph_position(graph: SceneGraph) -> str:
    """Where a graph lies in its video: '0:02.500, frame 31', or 'frame 31' where the rate is unknown."""
    return (
        f"{format_clock(graph.time_s)}, frame {graph.frame}" if math.isfinite(graph.time_s) else f"frame {graph.frame}"
    )


def format_duration(seconds: float) -> str:
    """A length in words a person would use: '12.0 s', '3 min 20 s'; 'length unknown' for NaN."""
    if not math.isfinite(seconds):
        return "length unknown"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def format_remaining(seconds: float | None) -> str:
    """What is left of a job: 'about 40 s left', or a plain word while nobody knows."""
    return (
        "estimating"
        if seconds is None
        else f"about {format_duration(seconds) if seconds >= 60 else f'{seconds:.0f} s'} left"
    )


def format_object(object_class: int) -> str:
    """An object class by its index, as the screens print it."""
    return format_name(OBJECT_CLASSES[object_class])


def format_relation(relation: int) -> str:
    """A relationship by its index, as the screens print it."""
    return format_name(RELATIONS[relation])


def format_action(action: int) -> str:
    """An action by its index: its label and its Charades id."""
    return f"{ACTIONS[action].label} ({ACTIONS[action].id})"


def format_action_option(action_id: str) -> str:
    """An action by its id as the pickers print it, and as Explore's address has it."""
    return f"{action_id} {ACTIONS[find_action_index(action_id)].label}"


def format_scene(scene: str) -> str:
    """A Charades scene without its explanation: 'Basement (A room below the ground floor)' -> 'Basement'."""
    return scene.partition(" (")[0]


def format_download_name(what: str, which: str, extension: str) -> str:
    """The name of a downloaded file: 'ag_triplets_AB12C_2026-01-31.csv'."""
    return f"ag_{what}_{which}_{date.today().isoformat()}.{extension}"


def format_sentence(text: str) -> str:
    """A text with a capital at its beginning and a stop at its end. A name, such as of a file, stays as it is."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    begin = text[:1].upper() if re.fullmatch(r"[a-z]+[,:;]?", word) else text[:1]
    return begin + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def escape_markdown(text: str) -> str:
    """A text so that Markdown shows it as it is: what a link brings must not become a picture from elsewhere.

    Words between single backticks stay code, where Markdown changes nothing; other backticks are shown as well. An
    address becomes code: with backslashes in it, it would be a link to somewhere else.
    """
    parts = text.split("`")
    if len(parts) % 2 == 0 or "``" in text:
        return _MARKS.sub(r"\\\1", text)
    return "".join(f"`{part}`" if index % 2 else _escape_words(part) for index, part in enumerate(parts))


def _escape_words(text: str) -> str:
    """Text without backticks; `_ADDRESS` has a group, so that every second piece is an address."""
    pieces = enumerate(_ADDRESS.split(text))
    return "".join(f"`{piece}`" if index % 2 else _MARKS.sub(r"\\\1", piece) for index, piece in pieces)


_MARKS = re.compile(r"([\\`*_{}\[\]<>#~$|])")
_ADDRESS = re.compile(r"((?:https?://|s3://|www\.)[^\s`<>]*[^\s`<>.,;:!?()\[\]'\"])")
