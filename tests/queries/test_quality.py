"""Quality and likeness of videos: every condition is what its words say, counted by hand over the showcase's rows."""

import pytest

from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.graphs.kinds import count_kinds
from ag_core.queries.facets import VideoFilter, count_quality, count_videos, find_videos
from ag_core.queries.quality import QUALITY
from ag_core.queries.similar import choose_typical_kinds, format_kinds, parse_kinds
from tests.annotations.test_store import inputs, store  # noqa: F401


def list_by_hand(store: AnnotationStore, name: str) -> set[str]:  # noqa: F811
    """The videos of a quality, frame by frame in Python."""
    found = set()
    for video_id in store.videos()["video_id"]:
        for graph in store.graphs_of(video_id):
            sides = [min(x2 - x1, y2 - y1) for x1, y1, x2, y2 in graph.object_boxes_xyxy[graph.visible]]
            holds = {
                "no-person": graph.person_box_xyxy is None and graph.visible.any(),
                "invisible": len(graph.visible) and not graph.visible.any(),
                "small": any(side <= 16 for side in sides),
            }
            if holds[name]:
                found.add(video_id)
    return found


@pytest.mark.parametrize("name", QUALITY)
def test_a_quality_finds_the_videos_with_such_a_frame(store: AnnotationStore, name: str) -> None:  # noqa: F811
    search = VideoFilter(quality=(name,))
    assert set(find_videos(store, search)["video_id"]) == list_by_hand(store, name)
    assert count_videos(store, search) == count_quality(store, VideoFilter()).get(name, 0)


def test_an_unknown_quality_is_an_error() -> None:
    with pytest.raises(ValueError, match="no-person, invisible, small"):
        VideoFilter(quality=("blurred",))


def test_what_is_like_a_video_comes_first(store: AnnotationStore) -> None:  # noqa: F811
    kinds = choose_typical_kinds(store, count_kinds(store.graphs_of("EF2GH")))
    assert kinds and parse_kinds(format_kinds(kinds)) == kinds
    found = find_videos(store, VideoFilter(like=kinds))
    assert found["video_id"].iloc[0] == "EF2GH" and found["shared"].iloc[0] == len(kinds)
    assert found["shared"].is_monotonic_decreasing and count_videos(store, VideoFilter(like=kinds)) == len(found)


def test_a_text_that_names_no_triplet_is_refused() -> None:
    assert parse_kinds("") == ()
    with pytest.raises(UserError, match="'juggling cup'"):
        parse_kinds("juggling cup")
