"""The triplets of two sources of one video as tables: which are in both, which in one alone. Knows no Streamlit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ag_core.taxonomy import GROUP_OF_RELATION, OBJECT_CLASSES, RELATIONS, format_name, orient_triplet
from ag_core.ui.player.judging import Judgement

TRIPLET = ["subject", "relation", "object", "group"]


def build_difference_table(judgement: Judgement, words: Sequence[str]) -> pd.DataFrame:
    """One row a triplet: in how many frames it is in both, in the judged source alone and in the other alone.

    `words` name these three columns; `frames` is in how many it is at all. The most different triplets come first.
    """
    counts = judgement.matches.count_frames_of_triplets()
    classes, relations = np.nonzero(counts[-1])
    columns = {word: counts[side, classes, relations] for side, word in enumerate([*words, "frames"])}
    table = pd.DataFrame({**_name_triplets(classes, relations), **columns})
    order = np.lexsort((-table[words[0]], -(table[words[1]] + table[words[2]])))
    return table.iloc[order].reset_index(drop=True)


def build_frame_table(judgement: Judgement, index: int, words: Sequence[str]) -> pd.DataFrame:
    """One row a triplet of one judged frame: where it is, one of `words`, and its probability in the judged source."""
    matches = judgement.matches
    parts = []
    sides = ((matches.guessed, matches.right), (matches.guessed, matches.false), (matches.true, matches.missed))
    for word, (columns, marks) in zip(words, sides):
        rows, relations = np.nonzero(marks & (columns.object_frame == index)[:, None])
        known = columns.relations[rows, relations] if columns is matches.guessed else np.full(len(rows), np.nan)
        named = _name_triplets(columns.object_classes[rows], relations)
        parts.append(pd.DataFrame({**named, "where": word, "probability": known.round(4)}))
    return pd.concat(parts, ignore_index=True)


def _name_triplets(classes: np.ndarray, relations: np.ndarray) -> dict[str, list[str]]:
    """Columns subject, relation, object and group, in the direction in which each is meant."""
    oriented = [
        orient_triplet(RELATIONS[relation], format_name(OBJECT_CLASSES[thing]))
        for thing, relation in zip(classes.tolist(), relations.tolist())
    ]
    groups = [GROUP_OF_RELATION[RELATIONS[relation]].value for relation in relations.tolist()]
    names = [format_name(RELATIONS[relation]) for relation in relations.tolist()]
    return dict(zip(TRIPLET, ([one.subject for one in oriented], names, [one.object for one in oriented], groups)))
