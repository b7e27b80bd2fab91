"""The triplets of two sources as tables, on two frames worked out by hand."""

from ag_core.annotations.store import ANNOTATION
from ag_core.records import Video
from ag_core.ui.player.judging import judge_graphs
from ag_core.ui.player.viewing import PREDICTED, Viewing, describe_judgement
from ag_core.ui.triplet_tables import build_difference_table, build_frame_table
from tests.evaluation.test_graph_recall import cup, graph

WORDS = ("in both", "only A", "only B")
FIRST = [
    graph(1, [cup({"holding": 0.9, "in_front_of": 0.75})]),
    graph(2, [cup({"holding": 0.8, "wiping": 0.6})]),
    graph(3, [cup({"holding": 0.8})]),
]
SECOND = [graph(1, [cup({"holding": 0.7})]), graph(2, [cup({"looking_at": 0.9, "wiping": 0.5})])]


def test_frames_of_each_triplet_are_counted_the_most_different_first() -> None:
    judgement = judge_graphs({PREDICTED: FIRST, "prediction:b": SECOND}, PREDICTED, "prediction:b")
    table = build_difference_table(judgement, WORDS)
    assert table.values.tolist() == [
        ["person", "holding", "cup/glass/bottle", "contact", 1, 1, 0, 2],
        ["person", "looking at", "cup/glass/bottle", "attention", 0, 0, 1, 1],
        ["cup/glass/bottle", "in front of", "person", "spatial", 0, 1, 0, 1],
        ["person", "wiping", "cup/glass/bottle", "contact", 1, 0, 0, 1],
    ]
    assert table.columns.tolist()[-4:] == [*WORDS, "frames"]
    assert judgement.find_frame(2) == 1 and judgement.find_frame(3) is None
    moment = build_frame_table(judgement, 1, WORDS)
    assert moment[["relation", "where"]].values.tolist() == [
        ["wiping", "in both"], ["holding", "only A"], ["looking at", "only B"],
    ]  # fmt: skip
    assert moment["probability"].tolist()[:2] == [0.6, 0.8] and moment["probability"].isna().tolist()[2]


def test_two_runs_are_named_by_their_models_and_a_truth_by_what_it_is() -> None:
    video = Video("ABCDE", 10.0, 24.0, 480, 270, 240)
    viewing = Viewing(video, None, {PREDICTED: FIRST}, None, run="prediction:yolox+imp")
    words = describe_judgement(viewing.compare_with("prediction:yolox+vrd", SECOND))
    assert words is not None and words.words == ("in both", "only yolox + imp", "only yolox + vrd") and not words.terms
    assert words.note == "2 of 3 predicted frames are in both."
    words = describe_judgement(viewing.compare_with(ANNOTATION, [graph(2)]))
    assert words is not None and words.words == ("in both", "only predicted", "only annotation") and words.terms
    words = describe_judgement(viewing.compare_with(ANNOTATION, [graph(7)]))
    assert words is not None and "no frame in common" in words.note
