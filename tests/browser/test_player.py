"""The player in a real browser: the overlay's frame is the picture's frame; keys, selection, reports, errors."""

import json
import urllib.request
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from ag_core.taxonomy import find_relation_index
from ag_core.video.transcode import to_browser_playable
from tests.browser.counter_clip import write_counter_clip
from tests.browser.player_page import APP, CLIPS, of, press, stands_at, until
from tests.browser.test_app import settled

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("clip", CLIPS)
def test_overlay_frame_is_picture_frame(show: Callable[..., Page], clip: str) -> None:
    page = show(clip)
    press(page, "k")
    until(page, "agPlayerStats.ticks > 12")
    press(page, "]", "]")
    assert of(page, "p.parts.video.playbackRate") == 2
    until(page, "agPlayerStats.ticks > 24 || p.parts.video.ended")
    of(page, "p.clock.pause()")
    last = CLIPS[clip][1] - 1
    for keys, frame in [
        (["Home"], 0),
        (["f"], 1),
        (["f", "f", "."], 4),
        (["d", ","], 2),
        (["v", "v"], 22),
        (["c"], 12),
        (["End"], last),
        (["f"], last),
        (["d"], last - 1),
    ]:
        press(page, *keys)
        stands_at(page, frame)
    for frame in (7, 41, 18, 33):
        of(page, f"p.seekTime({frame} / p.data.fps)")
        stands_at(page, frame)
    differences = of(page, "agPlayerStats.differences")
    assert set(differences) == {"0"}, differences


def test_frames_of_a_phone_stand_at_their_own_times(
    app: Callable[..., str], visit: Callable[..., Page], tmp_path: Path
) -> None:
    # 30 frames a second, then 6 in the dark, a pause of five seconds, and 30 again with every fifth frame dropped.
    shown_at = [*range(40), *range(40, 100, 5), *(250 + n for n in range(30) if n % 5)]
    clip = write_counter_clip(tmp_path / "phone.mp4", Fraction(30), len(shown_at), shown_at=shown_at)
    shown, copied = to_browser_playable(clip, tmp_path)
    page = visit(app(APP), {"clip": shown, "own_clock": 1, "frames": len(shown_at)})
    page.wait_for_function("() => window.agPlayerStats && agPlayerStats.ticks > 0")
    assert copied and of(page, "p.times.seconds.length") == len(shown_at)
    for frame in (0, 39, 40, 45, 51, 52, 53, len(shown_at) - 1, 12):
        of(page, f"p.seekTime({round(shown_at[frame] / 30, 3)})")
        stands_at(page, frame)
        assert of(page, "p.clock.time") == pytest.approx(shown_at[frame] / 30, abs=0.001)
        assert of(page, "p.times.at(p.parts.video.currentTime)") == frame
    of(page, "p.seekTime(7.5)")  # within the pause
    stands_at(page, 51)
    press(page, "Home")
    stands_at(page, 0)
    press(page, "k", "]", "]")
    until(page, "p.clock.frame > 60 || p.parts.video.ended")
    of(page, "p.clock.pause()")
    differences = of(page, "agPlayerStats.differences")
    assert set(differences) == {"0"}, differences


def test_keys(show: Callable[..., Page]) -> None:
    page = show(every=10, t=0.5)
    stands_at(page, 15)
    press(page, "ArrowRight")
    stands_at(page, 20)
    press(page, "ArrowRight", "ArrowRight")
    stands_at(page, 40)
    press(page, "ArrowLeft")
    stands_at(page, 30)
    press(page, "Shift+ArrowRight")
    stands_at(page, 40)
    press(page, "Shift+ArrowLeft")
    stands_at(page, 20)
    press(page, "1", "3")
    assert of(page, "p.controls.groupsOn") == [False, True, False]
    press(page, "1", "2", "3", "b", "l", "g")
    assert of(page, "[...p.controls.groupsOn, p.controls.on.boxes, p.controls.on.labels, p.controls.on.graph]") == [
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert page.locator(".graphs").is_hidden()
    press(page, "g", "[")
    assert of(page, "[p.controls.on.graph, p.parts.video.playbackRate]") == [True, 0.5]
    press(page, "?")
    assert page.locator("[data-part=help]").is_visible()
    press(page, "Escape")
    assert page.locator("[data-part=help]").is_hidden()
    press(page, " ")
    until(page, "!p.clock.paused")
    press(page, "k")
    until(page, "p.clock.paused")
    press(page, "n")
    page.get_by_text("navigated=1").wait_for()
    press(page, "p")
    page.get_by_text("navigated=-1").wait_for()


def test_streamlit_does_not_hear_the_keys(show: Callable[..., Page]) -> None:
    page = show()
    page.evaluate("() => { window.heard = 0; document.addEventListener('keydown', () => { window.heard++; }); }")
    press(page, "r", "c", "v", "x", "Escape")
    assert page.evaluate("() => window.heard") == 0


def test_one_selection_for_node_box_lane_and_python(show: Callable[..., Page]) -> None:
    page = show(every=10)
    card = page.locator('.card[aria-label^="sofa/couch:"]')
    card.locator(".card-title").click()
    page.get_by_text("'class': 'sofa/couch'").wait_for()
    assert card.get_attribute("aria-pressed") == "true"
    assert page.locator(".label.action.chosen").all_inner_texts() == ["Sitting on sofa/couch"]
    press(page, "Escape")
    page.get_by_text("selected=None").wait_for()
    hit = of(page, "(({x, y, width, height}) => [x + width / 2, y + 4])(p.overlay.hits.find((h) => h.track === 3))")
    page.locator("[data-part=stage]").click(position={"x": hit[0], "y": hit[1]})
    page.get_by_text("'class': 'table'").wait_for()
    page.get_by_role("button", name="Sitting on sofa/couch", exact=True).click()
    page.get_by_text("'kind': 'action'").wait_for()
    assert card.get_attribute("aria-pressed") == "true"
    stands_at(page, 27)


def test_lane_and_edge_seek(show: Callable[..., Page]) -> None:
    page = show(every=5, t=2.5)
    page.locator('.card[aria-label^="laptop:"] .row.spatial').click()
    stands_at(page, 60)
    plot = page.locator(".plot").first.bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + plot["width"] * (10.5 / 90), plot["y"] + 8)
    stands_at(page, 10)
    page.get_by_role("button", name="jump").click()
    stands_at(page, 30)


def test_lanes_and_changes_follow_the_clock_and_lead_to_their_moments(show: Callable[..., Page]) -> None:
    page = show(every=10, t=0.5)
    stands_at(page, 15)
    cup, lane = "cup/glass/bottle", page.get_by_title("person looking at cup/glass/bottle", exact=True)
    assert page.locator(".lane-object").all_inner_texts()[:3] == [cup, "sofa/couch", "table"]
    name = "person looking at cup/glass/bottle: 0:00.0 to 0:00.3, 0:02.0 to 0:02.3"
    assert lane.get_attribute("aria-label") == name and "now" in str(lane.get_attribute("class"))
    of(page, "(p.drawn = [...p.timeline.lanes.svg.querySelectorAll('path')]).length")
    # A press on a span goes to its start and selects its edge, in every part of the player and for Python.
    row, plot = lane.bounding_box(), page.locator(".lane-plot").bounding_box()
    assert row is not None and plot is not None
    page.mouse.click(plot["x"] + plot["width"] * 65 / 90, row["y"] + 12)
    stands_at(page, 60)
    page.get_by_text("'kind': 'edge', 'label': 'cup/glass/bottle: looking at'").wait_for()
    card = page.locator(f'.card[aria-label^="{cup}:"]')
    assert card.get_attribute("aria-pressed") == "true"
    assert card.locator(".picked").all_text_contents() == ["looking at"]
    assert page.locator(".lane-name.chosen").count() == 1 and of(page, "[...p.linking.emphasised].join()") == "1"
    page.get_by_label("Copy link").click()
    assert page.evaluate("() => window.agPlayerLink").endswith("&sel=cup%2Fglass%2Fbottle%3A+looking+at")
    lane.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("'label': 'cup/glass/bottle: not looking at'").wait_for()
    stands_at(page, 80)
    page.locator('.card[aria-label^="table:"] .card-title').hover()
    of_table = of(page, "p.timeline.lanes.rows.filter(({ track }) => track === 3).length")
    assert page.locator(".lane-name.hovered").count() == of_table > 3
    # The log: what changed, the newest marked; an entry leads to its moment.
    page.locator(".change-list summary").click()
    first, later = page.locator(".changes .change").first, page.locator(".changes .last")
    assert first.inner_text() == "0:00.6 A cup/glass/bottle: looking at → not looking at"
    assert set(later.locator(".when").all_inner_texts()) == {"0:02.6 "}
    first.click()
    stands_at(page, 20)
    assert page.locator(".newest").inner_text().startswith("0:00.6 ") and first.get_attribute("class") == "change last"
    # What is new glows, and fades with its age.
    glow = "p.panels.graphs[0].nodes[0].rows[0].glow"
    assert of(page, f"[{glow}.currentTime, {glow}.playState]") == [0, "paused"]
    press(page, "v")
    stands_at(page, 30)
    assert of(page, f"{glow}.currentTime") == pytest.approx(1000 / 3)
    assert of(page, "p.drawn.every((path) => path.isConnected)")  # drawn once


def test_places_never_move(show: Callable[..., Page]) -> None:
    page = show(compare=1)
    plates = "[...agPlayerStats.player.root.querySelectorAll('.plate')]"
    places = f"() => {plates}.map((plate) => plate.getAttribute('x') + ' ' + plate.getAttribute('y'))"
    before = page.evaluate(places)
    half = len(before) // 2
    assert len(before) == 16 and before[:half] == before[half:]
    press(page, "End")
    stands_at(page, 89)
    assert page.evaluate(places) == before


def test_each_relationship_has_its_direction_and_its_own_score(show: Callable[..., Page]) -> None:
    """A card printed "not contacting 88 %" where 88 % belonged to "sitting on", and "person beneath chair"."""
    page = show(compare=1, t=0.25)
    stands_at(page, 7)
    rows = page.locator(".side .triplets tbody tr").all_inner_texts()
    said = [tuple(part.strip() for part in row.split("\t")) for row in rows]
    assert [row for row in said if "sofa/couch" in row[0]][-3:] == [
        ("S sofa/couch beneath person", "✓", "83%"),
        ("C person sitting on sofa/couch", "✓", "83%"),
        ("C person leaning on sofa/couch", "✓", "70%"),
    ]
    ways = [page.get_by_title(f"Show {name}, {way}").count() for name, way in (
        ("attention", "person to object"), ("spatial", "object to person"), ("contact", "person to object"),
    )]  # fmt: skip
    assert ways == [1, 1, 1]
    card = page.locator(".graph").nth(1).locator('.card[aria-label^="sofa/couch:"]')
    assert card.locator(".row.contact .words").text_content() == "sitting on 83% +1"
    about = "\nprediction: probability of the relationship, as the relation head says it; shown from 50% on"
    full = "person sitting on sofa/couch 83%\nperson leaning on sofa/couch 70%"
    assert card.locator(".row.contact title").text_content() == full + about
    assert card.locator(".row.spatial title").text_content() == "sofa/couch beneath person 83%" + about
    live = of(page, "p.parts.live.textContent")
    assert "sofa/couch beneath person, person leaning on sofa/couch" in live and "person beneath" not in live
    # A box has the colour of contact where that is the likeliest, and not where "not contacting" is.
    free, touch = find_relation_index("not_contacting"), find_relation_index("touching")
    for edges, colour in (
        (f"[[{touch}, 0.9], [{free}, 0.6]]", "#C9A8FF"),
        (f"[[{free}, 0.88], [{touch}, 0.51]]", "#FFFFFF"),
        (f"[[{free}, 1], [{touch}, 1]]", "#C9A8FF"),
    ):
        view = (
            f"{{edges: new Map([[1, [[], [], {edges}]]]), groupsOn: [true, true, true], relations: p.data.relations}}"
        )
        assert of(page, f"p.overlay.colour(1, {view})") == colour
    # The line of a spatial relationship ends at the person, those of the others at the card.
    ends = """() => [...agPlayerStats.player.root.querySelectorAll('.lane:not(.off) .line')].map((line) => {
        const end = line.getPointAtLength(line.getTotalLength());
        const { width, height } = line.ownerSVGElement.viewBox.baseVal;
        const away = Math.hypot(end.x - width / 2, end.y - height / 2);
        return [line.classList[1], away < 40, getComputedStyle(line).markerEnd];
    })"""
    found = page.evaluate(ends)
    assert {(group, at_person) for group, at_person, _ in found} == {
        ("attention", False), ("spatial", True), ("contact", False),
    }  # fmt: skip
    assert all(f"-{group}" in head for group, _, head in found)


def test_scores_follow_the_clock(show: Callable[..., Page]) -> None:
    page = show(scores=1)
    shown = page.locator(".score-line b")
    assert shown.count() == 10
    assert shown.first.inner_text() == "50%"
    press(page, "v", "v")
    stands_at(page, 20)
    assert shown.first.inner_text() != "50%"


REPORTED_S = "Number(document.body.innerText.match(/t=([\\d.]+) /)?.[1])"
# A paused video may still show one frame more, which then is the one to be reported.
REPORTS_THE_FRAME_SHOWN = f"{REPORTED_S} === Math.round(p.clock.frame / p.data.fps * 1000) / 1000"


def test_reports_are_few(show: Callable[..., Page]) -> None:
    page = show()
    before = int(page.get_by_text("runs=").inner_text().split("=")[1])
    press(page, "k")
    until(page, "p.clock.frame > 60")
    press(page, "k")
    until(page, "p.clock.paused")
    until(page, REPORTS_THE_FRAME_SHOWN)
    assert int(page.get_by_text("runs=").inner_text().split("=")[1]) - before <= 8


def test_a_picture_that_comes_after_the_pause_is_reported(show: Callable[..., Page]) -> None:
    page = show()
    press(page, "k")
    until(page, "p.clock.frame > 20")
    press(page, "k")
    until(page, f"p.clock.paused && {REPORTS_THE_FRAME_SHOWN}")
    page.evaluate("() => { const { clock } = agPlayerStats.player; clock.present(clock.frame + 1, null); }")
    until(page, REPORTS_THE_FRAME_SHOWN)


def test_no_report_interrupts_a_run(show: Callable[..., Page]) -> None:
    """A report carries the state of every widget: during a run, that from before it."""
    page = show()
    settled(page)
    app = page.locator("[data-test-script-state]")
    app.evaluate("app => app.setAttribute('data-test-script-state', 'running')")
    press(page, "ArrowRight", "End")
    stands_at(page, 89)
    until(page, "p.reports.waiting.has('t')")
    assert not page.get_by_text("t=2.9").count()
    app.evaluate("app => app.setAttribute('data-test-script-state', 'notRunning')")
    expect(page.get_by_text("t=2.9")).to_be_visible()
    until(page, "!p.reports.waiting.size")


def test_autoplay_and_reduced_motion(show: Callable[..., Page]) -> None:
    page = show("12", autoplay=1)
    until(page, "!p.clock.paused && agPlayerStats.ticks > 5")
    assert page.get_by_text("runs=").inner_text() == "runs=1"
    page = show("12", autoplay=1, look={"reduced_motion": "reduce"})
    assert of(page, "p.clock.paused")


def test_a_loop_keeps_to_the_part_with_graphs(show: Callable[..., Page]) -> None:
    """From the first graph to the last; a press beyond it is heeded."""
    page = show("12", autoplay=1, every=40)
    last, frames = int(of(page, "p.clock.part.last")), int(of(page, "p.clock.frames"))
    assert of(page, "p.clock.part.first") == 0 and last == 40 < frames - 9
    seen = page.evaluate(
        """() => new Promise(done => {
            const { clock } = agPlayerStats.player, seen = [];
            const look = () => {
                if (seen.at(-1) !== clock.frame) seen.push(clock.frame);
                const returns = seen.filter((frame, at) => at && frame < seen[at - 1]).length;
                returns > 1 ? done(seen) : requestAnimationFrame(look);
            };
            look();
        })"""
    )
    assert max(seen) < frames - 1, seen
    leapt = page.evaluate(
        """() => new Promise(done => {
            const { clock } = agPlayerStats.player;
            const look = () => (clock.frame > clock.part.last + 2 ? done(clock.frame) : requestAnimationFrame(look));
            clock.seek(clock.part.last + 3);
            look();
        })"""
    )
    assert leapt > last + 2


def test_resize_theme_full_screen_and_unmount(show: Callable[..., Page]) -> None:
    page = show(t=1)
    stands_at(page, 30)
    page.set_viewport_size({"width": 560, "height": 900})
    until(page, "Math.abs(p.parts.overlay.width - p.parts.stage.clientWidth * devicePixelRatio) <= 1")
    graphs, timeline = (page.locator(part).bounding_box() for part in (".graphs", ".timeline"))
    assert graphs is not None and timeline is not None and graphs["y"] < timeline["y"]
    assert not of(page, "p.theme.dark")
    page.evaluate("() => { window.kept = agPlayerStats.player; }")
    page.emulate_media(color_scheme="dark")
    until(page, "p.theme.dark")
    assert page.evaluate("() => window.kept === agPlayerStats.player")
    stands_at(page, 30)
    page.get_by_label("Full screen").click()
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.evaluate("() => document.exitFullscreen()")
    page.get_by_text("player", exact=True).click()
    page.wait_for_function("() => window.kept.dead === true")


def test_link_to_this_moment(show: Callable[..., Page]) -> None:
    page = show(t=1, sel="table", judged=1, every=10, objects=5)
    stands_at(page, 30)
    page.get_by_label("Copy link").click()
    linked = page.evaluate("() => window.agPlayerLink")
    assert linked.endswith("/Explore?v=TEST1&t=1.000&sel=table&m=prediction&judged=true")


def read_verdicts(page: Page) -> list[list[str]]:
    """The rows of what is right: a name, then right, false, missed, predicted and annotated."""
    return [row.split("\t") for row in page.locator("[data-part=verdicts] tbody tr").all_inner_texts()]


def test_right_false_and_missed_add_up(show: Callable[..., Page]) -> None:
    page = show(t=1, judged=1, every=10, objects=5)
    stands_at(page, 30)
    # What is right, false and missed is marked on the frames that both have, as locked to the picture as the boxes are.
    codes = "p.overlay.hits.map((hit) => [p.data.tracks[hit.track].label, hit.code])"
    legend = page.locator("[data-part=verdicts]")
    press(page, "ArrowLeft")
    stands_at(page, 20)
    expected = {
        ("person", 1),
        ("sofa/couch", 2),
        ("sofa/couch", 3),
        ("table", 1),
        ("laptop", 1),
        ("cup/glass/bottle", 3),
    }
    assert {tuple(one) for one in of(page, codes)} == expected
    words = "✓ right (TP) ✕ false (FP) ○ missed (FN) prediction Annotation"
    assert " ".join(legend.locator("thead").inner_text().split()) == words
    rows = read_verdicts(page)
    assert rows[0] == ["Triplets here", "6", "5", "7", "11", "13"]
    assert rows[1] == ["Boxes here", "3", "1", "2", "4", "5"] and "By hand." in legend.inner_text()
    for _, right, false, missed, predicted, annotated in rows:
        assert int(right) + int(false) == int(predicted) and int(right) + int(missed) == int(annotated)
    press(page, "f")
    stands_at(page, 21)
    press(page, "j")
    assert legend.is_hidden() and {code for _, code in of(page, codes)} == {0}


def test_threshold_and_top_k_choose_what_is_shown(show: Callable[..., Page]) -> None:
    page = show(t=1, sel="table", judged=1, every=10, objects=5)
    stands_at(page, 30)
    press(page, "ArrowLeft")
    stands_at(page, 20)
    # Fewer relationships are shown: one false of 60 % goes; of each object one; nothing is left but what is missed.
    controls = page.locator("[data-part=filters]")
    controls.get_by_label("Relationships from").fill("65")
    assert read_verdicts(page)[0][1:] == ["6", "4", "7", "10", "13"]
    assert page.locator(".graph-more").first.inner_text().endswith("objects from 30%, relationships from 65%")
    page.get_by_label("How many relationships of a frame").select_option("3")
    page.get_by_label("How many relationships of an object").select_option("object")
    assert read_verdicts(page)[0][4:] == ["3", "13"]
    page.get_by_label("Copy link").click()
    assert page.evaluate("() => window.agPlayerLink").endswith("&judged=true&from=65&top=3&per=object")
    controls.get_by_label("Relationships from").fill("85")
    assert read_verdicts(page)[0][1:] == ["0", "0", "13", "0", "13"]
    controls.get_by_role("button", name="reset").click()
    assert read_verdicts(page)[0][1:] == ["6", "5", "7", "11", "13"]


def test_groups_have_a_colour_a_dash_and_a_letter_and_can_be_hidden(show: Callable[..., Page]) -> None:
    page = show(t=1)
    stands_at(page, 30)
    looks = page.evaluate(
        """() => Object.fromEntries(["attention", "spatial", "contact"].map((group) => {
            const { root } = agPlayerStats.player;
            const line = getComputedStyle(root.querySelector(`.lane:not(.off) .line.${group}`));
            return [group, [line.stroke, line.strokeDasharray]];
        }))"""
    )
    assert looks == {
        "attention": ["rgb(217, 101, 0)", "0.1px, 5px"],
        "spatial": ["rgb(15, 95, 68)", "6px, 4.5px"],
        "contact": ["rgb(138, 47, 201)", "none"],
    }
    page.locator(".triplet-list summary").click()
    page.locator(".triplets tbody td").first.wait_for()
    letters = {row.strip()[0] for row in page.locator(".triplets tbody tr").all_text_contents()}
    assert letters == {"A", "S", "C"}
    shown = "[...p.root.querySelectorAll('.lane.spatial:not(.off)')].filter((one) => getComputedStyle(one).opacity > 0)"
    until(page, f"{shown}.length > 0")
    press(page, "2")
    until(page, f"{shown}.length === 0")
    press(page, "2")
    until(page, f"{shown}.length > 0")


def test_ticks_stand_where_it_is_annotated(show: Callable[..., Page]) -> None:
    page = show(every=10)
    marked = """(() => {
        const { actions } = p.timeline;
        const row = actions.rows.find(({ kind }) => kind === "ticks");
        const { canvas } = actions;
        const scale = canvas.width / canvas.clientWidth;
        const y = Math.round((row.top + row.height / 2) * scale);
        const { data } = canvas.getContext("2d").getImageData(0, y, canvas.width, 1);
        const alphas = [...data].filter((_, at) => at % 4 === 3);
        return alphas.flatMap((alpha, x) => (alpha > 60 && !(alphas[x - 1] > 60) ? [x / canvas.width] : []));
    })()"""
    shares = of(page, marked)
    assert shares == pytest.approx([number / 90 for number in range(0, 90, 10)], abs=0.01)


def test_bytes_come_in_ranges(show: Callable[..., Page]) -> None:
    page = show()
    address = of(page, "p.parts.video.src")
    request = urllib.request.Request(address, headers={"Range": "bytes=0-99"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert (answer.status, len(answer.read()), answer.headers["Content-Type"]) == (206, 100, "video/mp4")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"src": "/"}, "leads to a page instead of a video"),
        ({"src": "/media/missing.mp4"}, "no such file any more"),
        ({"version": 9}, "This player reads format 5 of its data and got 9"),
    ],
)
def test_what_goes_wrong_is_said(show: Callable[..., Page], query: dict[str, object], says: str) -> None:
    page = show(may_fail=True, **query)
    page.locator("[data-part=message]").get_by_text(says).wait_for()


def test_a_video_that_is_gone_for_a_moment_comes_back(show: Callable[..., Page]) -> None:
    page = show(may_fail=True, t=1)
    stands_at(page, 30)
    asked: list[str] = []

    def miss_twice(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404) if len(asked) <= 2 else route.continue_()

    page.route("**/media/**", miss_twice)
    page.evaluate("() => agPlayerStats.player.parts.video.load()")
    until(page, "p.file.retries === 2 && p.parts.video.readyState > 1")
    stands_at(page, 30)
    assert len(asked) > 2 and page.locator("[data-part=message]").is_hidden()


def test_annotations_without_video(show: Callable[..., Page]) -> None:
    page = show(may_fail=True, src="", every=10)
    until(page, "p.clock.frame === 0 && p.clock.virtual")
    press(page, "v", "v", "f")
    until(page, "p.clock.frame === 21")
    assert page.locator("[data-part=status]").inner_text().startswith("no video file")
    press(page, "k")
    until(page, "p.clock.frame > 25")
    assert json.dumps(of(page, "p.overlay.hits.length > 0")) == "true"


def test_a_narrow_screen_cuts_no_name(show: Callable[..., Page]) -> None:
    page = show(scores=1, look={"width": 420, "height": 900})
    until(page, "p.timeline.scores.bars.length > 0")
    rows = of(
        page,
        """[p.timeline.actions, p.timeline.scores].flatMap((part) => part.rows.map((row) => ({
            name: row.name,
            cut: row.label.scrollWidth > row.label.clientWidth || row.label.scrollHeight > row.label.clientHeight,
            away: row.label.getBoundingClientRect().top - part.plot.getBoundingClientRect().top - row.top,
            high: row.height,
        })))""",
    )
    assert [row["name"] for row in rows if row["cut"] or abs(row["away"]) > 1] == []
    assert any(row["high"] > 30 for row in rows if row["name"].startswith("Someone is going from"))
    for bar in (".bar:not(.toggles)", ".toggles"):
        tops = page.locator(f"{bar} :is(button, select):visible").evaluate_all(
            "all => all.map((one) => { const box = one.getBoundingClientRect(); return box.top + box.height / 2; })"
        )
        assert len(tops) >= 6 and max(tops) - min(tops) <= 2, (bar, tops)
