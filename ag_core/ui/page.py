"""The frame around every page: title, icon, style, navigation, and what to show when there is nothing to show.

Each page calls `page_frame` first, so that a page opened by its own link looks like one reached through Home.
"""

import math
import re
from collections.abc import Iterable, Mapping
from html import escape

import streamlit as st

from ag_core.annotations.store import ANNOTATION, AnnotationStore
from ag_core.errors import UserError
from ag_core.evaluation.metrics import Metric
from ag_core.settings import ASSETS, settings
from ag_core.ui import cached
from ag_core.ui.formatting import WHAT_COUNTS, escape_markdown, format_number, format_sentence
from ag_core.ui.glossary import mark_terms
from ag_core.ui.html import render_brand, render_model_styles

APP_NAME = "Action Genome Explorer"

HOME = "app.py"
EXPLORE = "pages/1_Explore.py"
COMPARE = "pages/2_Compare.py"
SEARCH = "pages/3_Search.py"
STATISTICS = "pages/4_Statistics.py"
SQL = "pages/5_SQL.py"
FEW_SHOT = "pages/6_Few-shot.py"
BENCHMARKS = "pages/7_Benchmarks.py"
RUN = "pages/8_Run.py"
MAKE = "pages/9_Make.py"
DOCTOR = "pages/10_Doctor.py"
GLOSSARY = "pages/11_Glossary.py"

NAVIGATION: tuple[tuple[str, str, str], ...] = (
    (HOME, "Home", ":material/home:"),
    (EXPLORE, "Explore", ":material/video_library:"),
    (COMPARE, "Compare", ":material/compare_arrows:"),
    (SEARCH, "Search", ":material/manage_search:"),
    (STATISTICS, "Statistics", ":material/bar_chart:"),
    (SQL, "SQL", ":material/database:"),
    (FEW_SHOT, "Few-shot", ":material/school:"),
    (BENCHMARKS, "Benchmarks", ":material/leaderboard:"),
    (RUN, "Run", ":material/play_circle:"),
    (MAKE, "Make", ":material/movie:"),
    (DOCTOR, "Doctor", ":material/stethoscope:"),
    (GLOSSARY, "Glossary", ":material/menu_book:"),
)
"""Every page with its name and icon, in the order of the side bar."""

VIDEO = "v"
TIME = "t"
SELECTED = "sel"
SHOWN = "m"
JUDGED = "judged"
SURFACE = "surface"
BETWEEN = "between"
FROM = "from"
TOP = "top"
PER = "per"
LIKE = "like"
BACK = "back"
PLAY = "play"
"""The query parameters that all players share: which video, where in it (seconds), which object, action or relationship
is selected, whose graph is shown, whether it is marked what of it is right, and which relationships of a prediction are
shown: from how many percent on, at most how many of a frame, and how many of an object. Then those of Explore: which
video or triplets the videos shall be like, the search that a hit came from, and whether the video plays at once."""


def show_page_frame(title: str, lead: str = "") -> None:
    """Open a page: browser title and icon, style, side bar, heading, and one sentence `lead` under it."""
    st.set_page_config(
        page_title=APP_NAME if title == APP_NAME else f"{title} · {APP_NAME}",
        page_icon=str(ASSETS / "favicon.png"),
        layout="wide",
    )
    st.html(ASSETS / "style.css")
    st.html(render_model_styles(dark=is_dark()))
    _show_side_bar()
    if sentence := settings().explain_locked_home():
        st.warning(escape_markdown(format_sentence(sentence)), icon=":material/lock:")
    st.title(title, anchor=False)
    if lead:
        st.html(f'<p class="ag-lead">{mark_terms(escape(lead))}</p>')


def require_store() -> AnnotationStore:
    """The open store; where there is none, the page ends here and says what to do."""
    try:
        return cached.open_store()
    except UserError as error:
        show_empty_state("Nothing to show yet", str(error), (RUN, "Predict a video of your own"))
        st.stop()


def read_start_time(usual_s: float = 0.0) -> float:
    """Where the link says a video begins, in seconds; `usual_s` where it says nothing or no time."""
    if TIME not in st.query_params:
        return usual_s
    try:
        time_s = float(st.query_params[TIME])
    except ValueError:
        time_s = math.nan
    if math.isfinite(time_s):
        return max(0.0, time_s)
    say_unknown(f"the time {st.query_params[TIME]!r}, which is no number of seconds; it is left out")
    return usual_s


def forget_position() -> None:
    """Take out of the link what belongs to the video that was watched: where in it, and what was selected."""
    for name in (TIME, SELECTED):
        st.query_params.pop(name, None)


def say_unknown(what: str) -> None:
    """That the link names something that is not there: `what` it names and what happens instead."""
    st.warning(escape_markdown(f"The link names {what}."), icon=":material/link_off:")


def check_link(name: str, known: Iterable[str], noun: str) -> None:
    """Say where the link's parameter `name` has a value that is none of `known`; the widget of it then ignores it.

    Call it before the widget is made, with its options as it shows them; `noun` is what one of them is.
    """
    unknown = sorted(set(st.query_params.get_all(name)) - set(known))
    if unknown:
        say_unknown(f"the {noun} {' and '.join(map(repr, unknown))}, which is not here; it is left out")


SWITCH = ("true", "false")
"""What a link may say of a switch."""


def read_switch(name: str, noun: str) -> bool:
    """What the link says of a switch that no widget on the page is bound to; off where it says nothing known."""
    check_link(name, SWITCH, noun)
    return st.query_params.get(name) == SWITCH[0]


def read_page_number(key: str, pages: int | None = None) -> int:
    """Where the pagination of a key stands that is drawn further down: as chosen, or at first as the link says.

    1 where it stands at none of so many `pages`; None where their number is not known yet.
    """
    said = str(st.session_state.get(key, st.query_params.get(key, 1)))
    number = int(said) if said.isdecimal() else 1
    return number if 1 <= number <= (pages or number) else 1


def check_link_number(name: str, low: float, high: float, noun: str) -> None:
    """As `check_link`, for a parameter that is a number from `low` to `high`."""
    for said in st.query_params.get_all(name):
        try:
            inside = low <= float(said) <= high
        except ValueError:
            inside = False
        if not inside:
            say_unknown(f"the {noun} {said!r}, which is no number from {low:g} to {high:g}; it is left out")


def show_empty_state(
    title: str, why: str, remedy: tuple[str, str] | None = None, params: Mapping[str, str] | None = None
) -> None:
    """What is missing, why (plain words, code between backticks), and the one page that helps: (page, label)."""
    with st.container(border=True, key="ag_empty", horizontal_alignment="center"):
        st.header(title, anchor=False, text_alignment="center")
        st.markdown(escape_markdown(format_sentence(why)), text_alignment="center")
        if remedy:
            st.page_link(remedy[0], label=remedy[1], icon=":material/arrow_forward:", query_params=dict(params or {}))


def show_failure(error: Exception) -> None:
    """A known failure as one sentence; what follows its first line, such as the place in a query, stands beneath."""
    sentence, _, details = str(error).partition("\n")
    st.error(escape_markdown(format_sentence(sentence.strip())), icon=":material/error:")
    if details.strip():
        st.code(details.strip("\n"), language=None)


def describe_issues(count: int) -> str:
    """How many rows the readers wrote down as issues, as Home and the doctor say it."""
    noun = "record" if count == 1 else "records"
    return f"{format_number(count) if count else 'No'} {noun} repaired or found odd on reading"


def show_totals(totals: Mapping[str, int], paper: Mapping[str, Metric], source: str) -> None:
    """The size of a source in four numbers, each above the paper's published total."""
    with st.container(horizontal=True, key="ag_totals"):
        annotated = source == ANNOTATION
        counted = "in sight" if annotated else WHAT_COUNTS
        for label, mine, theirs, meaning in (
            ("Videos", "videos", "videos", "Videos of which this source says anything."),
            (
                "Annotated frames" if annotated else "Frames with a graph",
                "frames",
                "frames",
                "Frames for which boxes and relationships are known.",
            ),
            ("Object boxes", "visible_objects", "boxes", f"Objects in these frames, without the person ({counted})."),
            (
                "Relationships",
                "relations",
                "relations",
                "Relationships that hold between the person and such an object; one object may have several.",
            ),
        ):
            published = str(paper[theirs])
            st.metric(
                label,
                format_number(totals[mine]),
                published,
                delta_color="off",
                delta_arrow="off",
                border=True,
                help=f"{meaning} Beneath it, for scale: the total that the Action Genome paper prints.",
            )


def show_owner_note(text: str) -> None:
    """Whose numbers these are, in small type above them; what stands between backticks is shown as code.

    Words of the glossary lead to it.
    """
    marked = re.sub("`([^`]+)`", r"<code>\1</code>", mark_terms(escape(text)))
    st.html(f'<p class="ag-owner">{marked}</p>')


def is_dark() -> bool:
    """Whether the reader's theme is dark; light where the browser has not said."""
    return getattr(st.context.theme, "type", None) == "dark"


def _show_side_bar() -> None:
    with st.sidebar:
        script = (ASSETS / "history.js").read_text(encoding="utf-8")
        brand = render_brand((ASSETS / "favicon.png").read_bytes())
        st.html(f"{brand}<script>{script}</script>", unsafe_allow_javascript=True)
        for page, label, icon in NAVIGATION:
            st.page_link(page, label=label, icon=icon)
        st.html(f'<p class="ag-data">{_describe_data()}</p>')


def _describe_data() -> str:
    chosen = settings()
    if chosen.store == chosen.embedded_store:
        return "Data: the embedded home world, rendered by this project. Every label is exact; nobody was filmed."
    return f"Data: {chosen.store_name}"
