"""Sentences of a prediction: of several people, those who stay are counted."""

from ag_core.results.prediction_notes import list_people_notes

HERE, PASSING = [0] * 20, [0, *[None] * 19]


def test_who_passes_by_is_not_counted() -> None:
    half = [1] * 10 + [None] * 10
    (note,) = list_people_notes([HERE, half, PASSING, PASSING], person=2)
    assert note.startswith("2 people were told apart; followed is the second most, seen in 10 of 20 frames.")
    (note,) = list_people_notes([HERE, PASSING], person=1)
    assert note.startswith("Others are there for a moment; followed is the one who is there most, seen in 20 of 20")


def test_of_one_alone_nothing_is_said() -> None:
    assert list_people_notes([HERE], person=1) == ()
    assert list_people_notes([HERE, PASSING], person=3) == ()
