"""The language of sequences: what is typed means what docs/search.md says, goes there and back, and errs in words."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ag_core.errors import UserError
from ag_core.queries.sequence.language import format_sequence, parse_sequence
from ag_core.queries.sequence.records import MAX_LIMIT_MS, Condition, Limits, Sequence, SequenceScope, Step
from ag_core.taxonomy import (
    N_ACTIONS,
    N_CLASSES,
    N_RELATIONS,
    OBJECTS,
    RELATIONS,
    find_object_index,
    find_relation_index,
    format_triplet,
)

CUP, DISH, DOOR, SOFA = (find_object_index(name) for name in ("cup/glass/bottle", "dish", "door", "sofa/couch"))
HOLD, TOUCH, LOOK, AWAY, DRINK, FREE, SIT, BENEATH, FRONT = (
    find_relation_index(name)
    for name in (
        "holding", "touching", "looking_at", "not_looking_at", "drinking_from", "not_contacting", "sitting_on",
        "beneath", "in_front_of",
    )
)  # fmt: skip


def one(*conditions: Condition, length: Limits = Limits()) -> Sequence:
    return Sequence((Step(conditions, length),))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cup", one(Condition((CUP,)))),
        ("holding cup", one(Condition((CUP,), (HOLD,)))),
        ("PERSON Holding CUP", one(Condition((CUP,), (HOLD,)))),
        ("holding cup/glass/bottle", one(Condition((CUP,), (HOLD,)))),
        ("holding glass|bottle", one(Condition((CUP,), (HOLD,)))),
        ("holding | touching cup | dish", one(Condition((CUP, DISH), (HOLD, TOUCH)))),
        ("looking_at & holding cup", one(Condition((CUP,), (LOOK, HOLD), together=True))),
        ("looking  at & holding anything", one(Condition((), (LOOK, HOLD), together=True))),
        ("not holding anything", one(Condition((), (HOLD,), negated=True))),
        ("not contacting cup", one(Condition((CUP,), (FREE,)))),
        ("not_contacting cup", one(Condition((CUP,), (FREE,)))),
        ("not not contacting cup", one(Condition((CUP,), (FREE,), negated=True))),
        ("not looking at cup", one(Condition((CUP,), (AWAY,)))),
        ("not (looking at cup)", one(Condition((CUP,), (LOOK,), negated=True))),
        ("not anything", one(Condition(negated=True))),
        ("sofa beneath person", one(Condition((SOFA,), (BENEATH,)))),
        ("sofa beneath", one(Condition((SOFA,), (BENEATH,)))),
        ("beneath sofa", one(Condition((SOFA,), (BENEATH,)))),  # links made before have no person
        ("anything in front of person", one(Condition((), (FRONT,)))),
        ("not sofa|door beneath|in front of person", one(Condition((SOFA, DOOR), (BENEATH, FRONT), negated=True))),
        ("sitting on sofa beneath person", one(Condition((SOFA,), (SIT, BENEATH), together=True))),
        ("person sitting on & touching sofa & beneath & in front of person for at least 1 s",
         one(Condition((SOFA,), (SIT, TOUCH, BENEATH, FRONT), together=True), length=Limits(1000))),
        ("sitting on sofa|door | beneath person", one(Condition((SOFA, DOOR), (SIT, BENEATH)))),
        ("beneath & sitting on sofa", one(Condition((SOFA,), (SIT, BENEATH), together=True))),
        ("cup and not holding dish", one(Condition((CUP,)), Condition((DISH,), (HOLD,), negated=True))),
        ("cup for at least 2 s", one(Condition((CUP,)), length=Limits(2000))),
        ("cup for at most 0.5", one(Condition((CUP,)), length=Limits(0, 500))),
        ("cup for at least 250ms and at most 1.5 min", one(Condition((CUP,)), length=Limits(250, 90_000))),
        (
            "person not contacting cup, then holding cup within 5 s, then drinking from cup",
            Sequence(
                tuple(Step((Condition((CUP,), (relation,)),)) for relation in (FREE, HOLD, DRINK)),
                (Limits(0, 5000), Limits()),
            ),
        ),
        (
            "cup then after 1 s within 5 s door THEN within 2 seconds after 1 s sofa",
            Sequence(
                tuple(Step((Condition((one,)),)) for one in (CUP, DOOR, SOFA)),
                (Limits(1000, 5000), Limits(1000, 2000)),
            ),
        ),
        (
            'cup where action c107|C106 and scene "a \\"b" and split train and action c000 and source prediction:a+b',
            Sequence(
                (Step((Condition((CUP,)),)),),
                where=SequenceScope(((107, 106), (0,)), 'a "b', "train", "prediction:a+b"),
            ),
        ),
        ("cup where scene kitchen", Sequence((Step((Condition((CUP,)),)),), where=SequenceScope(scene="kitchen"))),
        ("cup where scene forest", Sequence((Step((Condition((CUP,)),)),), where=SequenceScope(scene="forest"))),
    ],
)  # fmt: skip
def test_a_text_means_a_sequence(text: str, meant: Sequence) -> None:
    assert parse_sequence(text) == meant
    assert parse_sequence(format_sequence(meant)) == meant


def test_every_class_and_relationship_can_be_said() -> None:
    for relation in RELATIONS:
        for spelling in (relation, relation.replace("_", " "), relation.upper()):
            for name in OBJECTS:
                for word in (name, *name.split("/")):
                    expected = one(Condition((find_object_index(name),), (find_relation_index(relation),)))
                    assert parse_sequence(f"{spelling} {word}") == expected


@pytest.mark.parametrize("name", RELATIONS)
def test_a_relationship_is_written_in_the_direction_in_which_it_reads(name: str) -> None:
    words = format_triplet(name, "chair")
    said = format_sequence(one(Condition((find_object_index("chair"),), (find_relation_index(name),))))
    assert said == words.removeprefix("person ")
    assert parse_sequence(words) == parse_sequence(said)
    shown = name.replace("_", " ")
    turned = f"chair {shown} person" if words.startswith("person") else f"person {shown} chair"
    with pytest.raises(UserError, match=r"so it stands (behind it|before the object); write '"):
        parse_sequence(turned)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sofa & beneath person", "nothing stands before the object that '&' could join"),
        ("sitting on sofa | beneath & in front of person", "use one of the two"),
        ("sitting on|touching sofa beneath person", "use one of the two"),
        ("beneath sofa behind person", "'beneath' says where the object is"),
        ("anything|sofa", "cannot stand"),
    ],
)
def test_relationships_on_both_sides_are_joined_in_one_way(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_sequence(text)


def test_the_examples_of_the_documentation_are_sequences() -> None:
    page = (Path(__file__).parents[3] / "docs" / "search.md").read_text()
    begun = page.split("## What the words mean")[0].split("\n\n")[-2]
    table = page.split("## More examples")[1].split("##")[0]
    typed = [line.split("`")[1].replace("\\|", "|") for line in table.splitlines() if "`" in line]
    assert len(typed) == 5
    for text in (begun, *typed):
        assert parse_sequence(format_sequence(parse_sequence(text))) == parse_sequence(text)


times = st.integers(0, MAX_LIMIT_MS)
limits = st.one_of(
    st.just(Limits()),
    times.map(lambda time: Limits(0, time)),
    times.map(Limits),
    st.lists(times, min_size=2, max_size=2).map(lambda two: Limits(*sorted(two))),
)
conditions = st.builds(
    lambda classes, relations, together, negated: Condition(
        tuple(classes), tuple(relations), together and len(relations) > 1, negated
    ),
    st.lists(st.integers(1, N_CLASSES - 1), unique=True, max_size=3),
    st.lists(st.integers(0, N_RELATIONS - 1), unique=True, max_size=3),
    st.booleans(),
    st.booleans(),
)
steps = st.builds(Step, st.lists(conditions, min_size=1, max_size=3).map(tuple), limits)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
wheres = st.builds(
    SequenceScope,
    st.lists(st.lists(st.integers(0, N_ACTIONS - 1), min_size=1, max_size=3, unique=True).map(tuple), max_size=2).map(
        tuple
    ),
    words.map(str.strip),
    st.sampled_from([None, "train", "test"]),
    words.filter(str.strip),
)
sequences = st.lists(steps, min_size=1, max_size=4).flatmap(
    lambda found: st.builds(
        Sequence,
        st.just(tuple(found)),
        st.lists(limits, min_size=len(found) - 1, max_size=len(found) - 1).map(tuple),
        wheres,
    )
)


@given(sequences)
@example(one(Condition(), length=Limits(1001, 4035)))  # as floating-point seconds these are no whole milliseconds
def test_a_sequence_goes_there_and_back(sequence: Sequence) -> None:
    text = format_sequence(sequence)
    assert parse_sequence(text) == sequence
    assert format_sequence(parse_sequence(text)) == text


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused_in_words(text: str) -> None:
    try:
        parse_sequence(text)
    except UserError as error:
        assert len(str(error)) > 20


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("holding mug", "at position 9 'mug' cannot stand; there could be an object such as cup, 'anything', '|'"),
        ("holdin cup", "did you mean 'holding'?"),
        ("holding cup\nthan cup", "at position 13 'than' cannot stand"),
        ("holding cup\nthan cup", "did you mean 'then'?\nthan cup\n^"),
        ("holding", "at position 8 the query ends; there could be an object such as cup, 'anything', '|' or '&'"),
        ("", "at position 1 the query ends; there could be a relationship such as holding"),
        ("holding cup then within door", "there could be a number of seconds"),
        ("holding cup for 5 s", "at position 17 '5' cannot stand; there could be 'at least' or 'at most'"),
        ("holding | touching & in cup", "'&' cannot stand"),
        ('holding "', "'\"' cannot stand"),
        ("cup then within 2 s door within 3 s", "give it once"),
        ("cup then after 5 s within 2 s door", "swap the two"),
        ("cup for at least 1 s and at most 90 min", "between 0 and 3600 seconds"),
        ("cup for at least 0.0001 s", "no whole number of milliseconds"),
        ("cup where action c999", "action 'c999' is unknown; ids run from c000 to c156"),
        ("cup where split val", "split 'val' does not exist; give train or test"),
        ('cup where scene "a" and scene "b"', "scene is given twice"),
        (" then ".join(["cup"] * 9), "9 steps; give 1 to 8"),
        (" and ".join(["cup"] * 7), "7 conditions; give 1 to 6"),
        ("not " * 900 + "cup", "too many `not`"),
        ("cup " * 1001, "4004 characters"),
    ],
)
def test_an_error_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_sequence(text)
    assert said in str(refused.value)
    assert str(refused.value).partition("\n")[0].count(". ") == 0
