"""Which videos are like one: what is typical of it, and which others show the same triplets."""

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING

from ag_core.annotations.store_format import ANNOTATION
from ag_core.errors import UserError
from ag_core.taxonomy import (
    OBJECT_CLASSES,
    RELATIONS,
    find_object_index,
    find_relation_index,
    format_name,
)

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

MAX_KINDS = 6
"""How many kinds of triplets at most stand for a video."""

TripletKind = tuple[int, int]
"""An object class and a relationship, as indices of the taxonomy."""


def choose_typical_kinds(
    store: "AnnotationStore", counts: Mapping[TripletKind, int], source: str = ANNOTATION
) -> tuple[TripletKind, ...]:
    """The kinds of triplets that are most typical of a video: often in its graphs, and in few videos of a source.

    counts  in how many of its graphs each kind holds, as `graphs.kinds.count_kinds` gives them

    At most MAX_KINDS, the most typical first; none for none.
    """
    rows = store.rows(
        "select class, relation, sum(videos) from relation_cube where source = ? and relation is not null "
        "group by class, relation",
        [source],
    )
    videos = {(int(thing), int(relation)): int(count) for thing, relation, count in rows}
    total = 1 + int(store.rows("select count(*) from videos where source = ?", [source])[0][0])
    weight = {kind: log(1 + n) * log(1 + total / (1 + videos.get(kind, 0))) for kind, n in counts.items()}
    return tuple(sorted(weight, key=lambda kind: (-weight[kind], kind))[:MAX_KINDS])


def format_kinds(kinds: Sequence[TripletKind]) -> str:
    """Kinds of triplets as links write them: 'holding cup/glass/bottle, sitting on chair'."""
    return ", ".join(f"{format_name(RELATIONS[relation])} {OBJECT_CLASSES[thing]}" for thing, relation in kinds)


def parse_kinds(text: str) -> tuple[TripletKind, ...]:
    """The kinds of triplets in a text of `format_kinds`. UserError for a word that is neither."""
    kinds = []
    for part in filter(None, map(str.strip, text.split(","))):
        relation, _, thing = part.rpartition(" ")
        try:
            kinds.append((find_object_index(thing), find_relation_index(relation.replace(" ", "_"))))
        except (KeyError, ValueError, UserError) as error:
            raise UserError(
                f"{part!r} is no relationship with an object; write them as in 'holding cup/glass/bottle'"
            ) from error
    return tuple(kinds[:MAX_KINDS])
