"""Hits of a sequence: the SQL equals a brute-force reference on random stores, and does what docs/search.md says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_core.queries.sequence.language import parse_sequence
from ag_core.queries.sequence.query import build_hits_query, count_intervals, count_videos_without_times, find_hits
from ag_core.queries.sequence.records import MAX_STEPS, Condition, Limits, Sequence, SequenceScope, Step
from ag_core.queries.sql.sandbox import SqlSandbox
from tests.queries.sequence.plain_loops import (
    ACTIONS,
    CLASSES,
    PREDICTION,
    RELATIONS,
    SCENES,
    TICK_MS,
    Film,
    Frame,
    Hit,
    Memory,
    reference,
)

# Random stores and random questions


def random_films(seed: int) -> list[Film]:
    """Two to four crowded films, some of them predicted, some without a clock; what holds often goes on holding."""
    rng = Random(seed)
    found = []
    for number in rng.sample(range(6), rng.randint(2, 4)):
        for source in rng.choice([("annotation",), ("annotation", PREDICTION), (PREDICTION,)]):
            timed = rng.random() < 0.8
            frames: list[Frame] = []
            for place in sorted(rng.sample(range(1, 17), rng.randint(8, 14))):
                goes_on = frames and rng.random() < 0.4
                fresh = tuple(_random_object(rng) for _ in range(rng.randint(0, 2)))
                objects = frames[-1].objects if goes_on else fresh
                frames.append(Frame(place, (place - 1) * TICK_MS if timed else None, objects))
            starts = [(rng.choice(ACTIONS), rng.randint(0, 16), rng.randint(0, 4)) for _ in range(rng.randint(0, 2))]
            intervals = tuple((action, s * TICK_MS, (s + n) * TICK_MS) for action, s, n in starts)
            split, scene = rng.choice(["train", "test", None]), rng.choice(SCENES)
            annotated = source == "annotation"
            told = (split, scene, tuple(frames), intervals) if annotated else (None, None, tuple(frames), ())
            found.append(Film(source, number, *told))
    return found


def _random_object(rng: Random) -> tuple[int, bool, tuple[int, ...]]:
    visible = rng.random() < 0.85
    carried = tuple(relation for relation in RELATIONS if rng.random() < 0.5)
    return rng.choice(CLASSES), visible, carried if visible else ()  # an invisible object has no relationships


films = st.integers(0, 2**32 - 1).map(random_films)
some = st.lists(st.integers(0, 8).map(lambda ticks: ticks * TICK_MS), min_size=2, max_size=2).map(sorted)
limits = st.one_of(
    st.just(Limits()),
    some.map(lambda two: Limits(0, two[1])),
    some.map(lambda two: Limits(two[0])),
    some.map(lambda two: Limits(*two)),
)
conditions = st.builds(
    lambda classes, relations, together, negated: Condition(
        tuple(classes), tuple(relations), together and len(relations) > 1, negated
    ),
    st.lists(st.sampled_from(CLASSES), unique=True, max_size=2),
    st.lists(st.sampled_from(RELATIONS), unique=True, max_size=2),
    st.booleans(),
    st.sampled_from([False, False, True]),
)
steps = st.builds(Step, st.lists(conditions, min_size=1, max_size=2).map(tuple), st.one_of(st.just(Limits()), limits))
wheres = st.builds(
    SequenceScope,
    st.lists(st.lists(st.sampled_from(ACTIONS), min_size=1, unique=True).map(tuple), max_size=2).map(tuple),
    st.sampled_from(["", "", "KITCHEN", "room"]),
    st.sampled_from([None, None, "train", "test"]),
    st.sampled_from(["annotation", "annotation", PREDICTION]),
)
# Few different steps, so that one often follows itself.
some_steps = st.lists(steps, min_size=1, max_size=2).flatmap(
    lambda pool: st.lists(st.sampled_from(pool), min_size=1, max_size=4)
)
sequences = some_steps.flatmap(
    lambda found: st.builds(
        Sequence,
        st.just(tuple(found)),
        st.lists(limits, min_size=len(found) - 1, max_size=len(found) - 1).map(tuple),
        st.one_of(st.just(SequenceScope()), wheres),
    )
)


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    memory = Memory()
    yield memory
    memory.connection.close()


def found_in(table: pd.DataFrame, n_steps: int) -> list[Hit]:
    return [
        (row.video_id, *((getattr(row, f"step_{k}_first_frame"), getattr(row, f"step_{k}_last_frame"))
                         for k in range(1, n_steps + 1)))
        for row in table.itertuples()
    ]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(films=films, sequence=sequences)
def test_hits_equal_the_brute_force_reference(memory: Memory, films: list[Film], sequence: Sequence) -> None:
    memory.fill(films)
    expected = reference(films, sequence)
    answer = find_hits(memory, sequence)
    assert found_in(answer.table, len(sequence.steps)) == expected
    assert answer.total == len(expected)
    assert answer.videos == len({one[0] for one in expected})
    where = SequenceScope(scene=sequence.where.scene, split=sequence.where.split, source=sequence.where.source)
    counted = [
        reference(films, Sequence((step,), where=where)) for step in sequence.steps
    ]  # a sequence of one step has a hit for every interval
    counts = count_intervals(memory, sequence)
    assert counts["intervals"].tolist() == [len(one) for one in counted]
    assert counts["videos"].tolist() == [len({video for video, _ in one}) for one in counted]


@pytest.fixture(scope="module")
def kitchen(memory: Memory) -> list[Film]:
    """One second a frame: a free cup, held, held and drunk from, put down; beside it the same without a clock."""
    cup = [(), (13,), (13,), (9,), (9, 13), ()]
    frames = tuple(Frame(1 + 10 * k, 1000 * k, ((CLASSES[0], True, one),)) for k, one in enumerate(cup))
    untimed = tuple(replace(frame, t_ms=None) for frame in frames)
    return [
        Film("annotation", 0, "train", SCENES[0], frames, ((107, 0, 900), (106, 2000, 2000))),
        Film("annotation", 1, "test", None, untimed),
    ]


HOLD, DRINK = Condition((10,), (13,)), Condition((10,), (9,))


def test_a_moment_has_times_frames_and_what_is_known_of_its_video(memory: Memory, kitchen: list[Film]) -> None:
    memory.fill(kitchen)
    answer = find_hits(memory, Sequence((Step((HOLD,)), Step((DRINK,))), (Limits(0, 1000),)))
    assert (answer.total, answer.videos) == (1, 1)
    row = answer.table.iloc[0]
    assert (row["video_id"], row["scene"], row["split"], row["duration_s"]) == ("V0", SCENES[0], "train", 9.0)
    assert (row["start_s"], row["end_s"], row["frame"]) == (1.0, 4.0, 11)
    assert (row["step_1_start_ms"], row["step_1_end_ms"]) == (1000, 2000)
    assert (row["step_2_first_frame"], row["step_2_last_frame"], row["step_2_start_ms"]) == (31, 41, 3000)
    assert answer.seconds > 0


def test_videos_without_a_clock_answer_what_needs_none(memory: Memory, kitchen: list[Film]) -> None:
    memory.fill(kitchen)
    steps = (Step((HOLD,)), Step((DRINK,)))
    free, limited = Sequence(steps, (Limits(),)), Sequence(steps, (Limits(0, 9000),))
    assert find_hits(memory, free).table["video_id"].tolist() == ["V0", "V1"]
    assert find_hits(memory, free).table["start_s"].isna().tolist() == [False, True]
    assert count_videos_without_times(memory, free) == 0
    assert find_hits(memory, limited).table["video_id"].tolist() == ["V0"]
    assert count_videos_without_times(memory, limited) == 1
    assert count_videos_without_times(memory, replace(limited, where=SequenceScope(split="train"))) == 0


def test_an_action_must_overlap_the_moment(memory: Memory, kitchen: list[Film]) -> None:
    memory.fill(kitchen)
    held = Sequence((Step((HOLD,), Limits(500)),))
    for actions, n in ((((107,),), 0), (((106,),), 1), (((107, 106),), 1), (((107,), (106,)), 0)):
        assert find_hits(memory, replace(held, where=SequenceScope(actions))).total == n


def test_what_only_touches_counts(memory: Memory, kitchen: list[Film]) -> None:
    film = replace(kitchen[0], actions=((107, 0, 1000), (106, 4000, 9000), (0, 4001, 9000)))
    memory.fill([film])
    held, drunk = Step((HOLD,)), Step((DRINK,))  # held from 1 to 2 s and at 4 s, drunk from 3 to 4 s
    assert find_hits(memory, Sequence((held, drunk), (Limits(1000, 1000),))).total == 1
    assert find_hits(memory, Sequence((held, drunk), (Limits(0, 999),))).total == 0
    assert find_hits(memory, Sequence((held, drunk), (Limits(1001),))).total == 0
    assert find_hits(memory, Sequence((held, held), (Limits(),))).total == 1  # nothing follows itself
    assert find_hits(memory, Sequence((drunk, held), (Limits(0, 0),))).total == 1  # they overlap
    for action, n in ((107, 1), (106, 1), (0, 0)):
        where = SequenceScope(((action,),))
        assert find_hits(memory, Sequence((held, drunk), (Limits(),), where)).total == n
    covering = Step((Condition((10,)),))  # from 0 to 5 s: a later step ends before it does
    where = SequenceScope(((0,),))
    assert find_hits(memory, Sequence((covering, Step((HOLD,), Limits(1000))), (Limits(),), where)).total == 1


def test_pages_hold_every_moment_once(memory: Memory, kitchen: list[Film]) -> None:
    memory.fill([replace(film, video=film.video + 2 * k) for k in range(5) for film in kitchen])
    sequence = Sequence((Step((Condition((10,), (9, 13)),)),))
    pages = [find_hits(memory, sequence, limit=3, offset=offset) for offset in (0, 3, 6, 9, 12)]
    assert [len(page.table) for page in pages] == [3, 3, 3, 1, 0]
    assert [(page.total, page.videos) for page in pages] == [(10, 10)] * 5
    whole = find_hits(memory, sequence).table
    together = pd.concat([page.table for page in pages[:4]], ignore_index=True)
    for name in ("video_id", "frame", "step_1_first_frame", "step_1_last_frame"):
        assert together[name].tolist() == whole[name].tolist()


def test_text_travels_as_parameters() -> None:
    nasty = "'; drop table videos; --"
    query = build_hits_query(Sequence((Step((HOLD,)),), where=SequenceScope(scene=nasty, source=nasty)))
    assert nasty not in query.sql and query.parameters.count(nasty) >= 2
    assert query.sql.count("?") == len(query.parameters)
    assert "'''; drop table videos; --'" in query.with_values()


def test_the_query_with_its_values_runs_in_the_sandbox(app_home: Path) -> None:
    from ag_core.annotations.showcase_store import ensure_store

    sandbox = SqlSandbox(ensure_store())
    one = parse_sequence('drinking from cup for at least 0.5 s where scene "kitch" and split test and action c107')
    answer = sandbox.run(build_hits_query(one).with_values(), 10, 10.0).frame
    assert (answer["video_id"].tolist(), answer["frame"].tolist()) == (["AB1CD"], [3])
    two = parse_sequence("looking at & holding cup then after 1 s within 5 s not holding cup and cup where action c107")
    assert sandbox.run(build_hits_query(two).with_values(), 10, 10.0).frame.empty  # in these clips nothing ever changes


def test_steps_are_changed_put_in_taken_out_and_moved() -> None:
    a, b, c, d = (Step((Condition((number,)),)) for number in (1, 2, 3, 4))
    two, five = Limits(0, 2000), Limits(0, 5000)
    abc = Sequence((a, b, c), (two, five))
    assert abc.with_step(1, d) == Sequence((a, d, c), (two, five))
    assert abc.with_gap(1, two) == Sequence((a, b, c), (two, two))
    assert abc.with_inserted(0, d) == Sequence((d, a, b, c), (Limits(), two, five))
    assert abc.with_inserted(1, d) == Sequence((a, d, b, c), (Limits(), two, five))
    assert abc.with_inserted(3, d) == Sequence((a, b, c, d), (two, five, Limits()))
    assert abc.without_step(0) == Sequence((b, c), (five,))
    assert abc.without_step(1) == Sequence((a, c), (five,))
    assert abc.without_step(2) == Sequence((a, b), (two,))
    assert abc.with_moved(0, 1) == Sequence((b, a, c), (two, five))
    assert abc.with_moved(2, -9) == Sequence((c, a, b), (two, five))
    with pytest.raises(ValueError, match="0 steps"):
        Sequence((a,)).without_step(0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Condition((0,)), "object class .* does not exist"),
        (lambda: Condition((36,)), "does not exist"),
        (lambda: Condition((), (25,)), "relationship .* does not exist"),
        (lambda: Condition((10, 10)), "named twice"),
        (lambda: Condition((10,), (13,), together=True), "two or more"),
        (lambda: Limits(5, 2), "swap"),
        (lambda: Limits(-1), "between 0 and"),
        (lambda: Limits(0, 10**9), "between 0 and"),
        (lambda: Step(()), "0 conditions"),
        (lambda: Sequence(()), "0 steps"),
        (lambda: Sequence((Step((HOLD,)),) * (MAX_STEPS + 1), (Limits(),) * MAX_STEPS), "9 steps"),
        (lambda: Sequence((Step((HOLD,)),) * 2), "one fewer"),
        (lambda: SequenceScope(((),)), "names no action"),
        (lambda: SequenceScope(((157,),)), "does not exist"),
        (lambda: SequenceScope(split="validation"), "train or test"),
        (lambda: SequenceScope(source=" "), "source is empty"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
