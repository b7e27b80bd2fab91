"""The words of the app: what each term means, by what it is about.

Numbers in the explanations come from the code that decides them. Knows no Streamlit.
"""

from dataclasses import dataclass

from ag_core.annotations.statistics.funnel import SMALL_SIDE
from ag_core.graphs.edges import MIN_SCORE
from ag_core.records import MIN_PROBABILITY
from ag_core.taxonomy import ACTIONS, OBJECTS, RELATIONS


@dataclass(frozen=True)
class Term:
    """A word and what it means.

    id       names it in links: lower case and hyphens
    name     as screens write it
    meaning  a sentence or two that stand alone, as in a tooltip
    more     what else helps, on the page alone
    spelled  a regular expression of its spellings that are marked in texts; empty where the word is left alone
    """

    id: str
    name: str
    meaning: str
    more: str = ""
    spelled: str = ""


SECTIONS: dict[str, tuple[Term, ...]] = {
    "Models of actions": (
        Term(
            "lfb",
            "LFB",
            "Long-term feature bank: a model that says which actions happen from what clips of the whole video look "
            "like. It reads no scene graph.",
            "The model that SGFB is measured against. Both see the same clip; they differ only in what they remember.",
            "LFB",
        ),
        Term(
            "sgfb",
            "SGFB",
            "Scene-graph feature bank: a model that says which actions happen from the scene graphs predicted over the "
            "whole video, beside what a clip looks like.",
            "The paper's model. Where a graph misses the object or gets the relationship wrong, SGFB is misled too.",
            "SGFB(?! oracle)",
        ),
        Term(
            "oracle",
            "SGFB oracle",
            "SGFB with annotated graphs in the place of predicted ones: how good it would be if its graphs had no "
            "mistakes.",
            "It needs an annotation, so it takes part in benchmarks and never in a prediction.",
            "SGFB oracle|[Oo]racle",
        ),
        Term(
            "feature-bank",
            "Feature bank",
            "What a model keeps of a whole video: one list of numbers for every half second, which it looks up while "
            "it judges a short clip.",
            "LFB's bank holds features of clips, SGFB's the confidence matrices of graphs.",
            "[Ff]eature banks?|bank of graphs",
        ),
        Term(
            "confidence-matrix",
            "Confidence matrix",
            f"One frame's scene graph as numbers: for each of {len(OBJECTS)} objects and {len(RELATIONS)} "
            "relationships, the object's score times the relationship's, of the best object of each class.",
            f"{len(OBJECTS) * len(RELATIONS)} numbers a frame; this is what SGFB's bank is made of.",
            "[Cc]onfidence matri(?:x|ces)",
        ),
        Term(
            "ladder",
            "Error ladder",
            "How much of the gap between SGFB and its oracle is due to missed objects, wrong classes, wrong "
            "relationships and moments: each is replaced by the truth in turn.",
            spelled="[Ee]rror ladder",
        ),
    ),
    "Scene graphs": (
        Term(
            "scene-graph",
            "Scene graph",
            "What one frame shows, written as a graph: the person, the objects around, and how the two are related.",
            f"Each edge is a triplet, such as person, holding, cup. There are {len(OBJECTS)} classes of objects and "
            f"{len(RELATIONS)} relationships.",
        ),
        Term(
            "groups",
            "Attention, spatial, contact",
            "The three groups of relationships: whether the person looks at the object, where it is, and how the "
            "person touches it.",
            "Attention is one of three; of spatial and contact several may hold at once. Drawn dotted, dashed, solid.",
        ),
        Term(
            "named-relations",
            "Named relations",
            "The view `named_relations` of page SQL: one row for each relationship of each frame, with names where the "
            "tables have numbers.",
            "A prediction has a row for every relationship of every object, likely or not; `score` says how likely.",
            "named_relations",
        ),
        Term(
            "exact-truth",
            "Exact truth",
            "What the home world knows of every frame of its films, since it drew them; an annotation has a few frames "
            "only.",
            spelled="[Ee]xact truth",
        ),
        Term(
            "detector",
            "Detector",
            "The network that finds the person and the objects and draws a box around each.",
            f"Shown is a person or an object that scores {MIN_SCORE:.0%} or more, of each class the best.",
        ),
        Term(
            "relation-head",
            "Relation head",
            "The network that says how the person and an object are related, once a detector has found both.",
            f"Shown is a relationship that it gives {MIN_PROBABILITY:.0%} or more.",
            "[Rr]elation heads?",
        ),
    ),
    "Tasks and scores": (
        Term(
            "predcls",
            "PredCls",
            "Predicate classification: boxes and classes are given, and only the relationships must be predicted.",
            spelled="PredCls",
        ),
        Term(
            "sgcls",
            "SGCls",
            "Scene-graph classification: boxes are given; classes and relationships must be predicted.",
            spelled="SGCls",
        ),
        Term(
            "sgdet",
            "SGDet",
            "Scene-graph detection: nothing is given; boxes, classes and relationships must all be predicted.",
            "A box counts as found where it overlaps the true one by one half or more.",
            "SGDet",
        ),
        Term(
            "recall",
            "Recall@K",
            "Of the true triplets of a frame, the share that is among the K triplets a model is most sure of. More is "
            "better; 100 % is all of them.",
            "Averaged over frames, or within each video first and then over videos: two different numbers.",
            r"(?<![a-zA-Z])R@(?:\d+|K)|Recall@(?:\d+|K)",
        ),
        Term(
            "mean-recall",
            "mR@K",
            "Mean recall: Recall@K of each relationship by itself, averaged over relationships, so that rare ones "
            "count as much as frequent ones.",
            spelled=r"mR@(?:\d+|K)",
        ),
        Term(
            "zero-shot-recall",
            "zR@K",
            "Zero-shot recall: Recall@K over those triplets alone that the training data never shows.",
            spelled=r"zR@(?:\d+|K)",
        ),
        Term(
            "harmonic-recall",
            "hR@K",
            "The harmonic mean of Recall@K and mR@K: high only where both are.",
            spelled=r"hR@(?:\d+|K)",
        ),
        Term(
            "with-constraint",
            "With constraint",
            "Of each person and object, a model may name only its best relationship of each group: at most three.",
            "Numbers with and without constraint must not be compared.",
            "[Ww]ith constraint",
        ),
        Term(
            "no-constraint",
            "No constraint",
            "A model may name every relationship of a person and an object, however many; the 100 it is most sure of "
            "in a frame count.",
            "Recall is higher so than with constraint.",
            "[Nn]o constraint|[Ww]ithout constraint",
        ),
        Term(
            "map",
            "mAP",
            "Mean average precision: for each class, how far up a ranked list the right answers stand, averaged over "
            "classes. 100 % is a perfect order, and chance depends on how rare a class is.",
            "Video mAP ranks whole videos for each action. Numbers on different data must not be compared.",
            "(?:video |localisation |box )?mAP",
        ),
        Term(
            "top-5",
            "Top 5",
            "The five actions that a model scores highest for a video. A hit is one of them that the annotation has.",
            "A video with fewer than five annotated actions cannot have five hits.",
            "[Tt]op 5",
        ),
        Term(
            "log-loss",
            "Log-loss",
            "How wrong a model's probabilities are: sure and wrong costs most. Less is better.",
            spelled="[Ll]og-loss",
        ),
        Term(
            "tp-fp-fn",
            "Right, false, missed",
            "Of predicted triplets beside the truth: in both (TP), only predicted (FP), and true but missed (FN).",
            "A triplet is in both where class and relationship agree and both boxes overlap by one half or more.",
            "(?:TP|FP|FN)",
        ),
        Term(
            "few-shot",
            "Few-shot",
            "Learning an action from a few examples of it, such as 1, 5 or 10, instead of hundreds.",
        ),
    ),
    "Data": (
        Term(
            "home-world",
            "Home world",
            "A small simulated home in which this project films people doing things. Every box, relationship and "
            "action of it is exact, and nobody was filmed.",
            "The real Action Genome may not be passed on, so the app ships with this.",
        ),
        Term(
            "iid",
            "iid",
            "The part of the home world's validation films that is like the films for training: the same combinations, "
            "drawn anew.",
            "Short for independent and identically distributed. The harder part is comp.",
            "iid",
        ),
        Term(
            "comp",
            "comp",
            "The part of the home world's validation films with combinations of actions, shapes and places that no "
            "film for training shows.",
            "Short for compositional. A model does well here only if it puts together what it knows.",
            "comp",
        ),
        Term(
            "tier",
            "Tier",
            "How honestly the home world can show an action. A: geometry decides it. B: small repeated motion or the "
            "context. C: faces of a few pixels.",
            "Results on tier A say most about scene graphs.",
            "[Tt]ier(?= of honesty|s of honesty)",
        ),
        Term(
            "funnel",
            "Funnel",
            "How many videos and frames remain after each rule, from all that was released to those that count in "
            "benchmarks.",
            f"Rules: there is a person's box, an object in sight, and, if asked, a box of more than {SMALL_SIDE:.0f} "
            "pixels.",
            "[Ff]unnel",
        ),
        Term(
            "annotated-frame",
            "Annotated frame",
            "A frame for which people wrote down boxes and relationships. Of each action five are annotated, at the "
            "middles of five equal parts.",
            f"What an annotation leaves out is unknown rather than false. Actions have ids, c000 to "
            f"{ACTIONS[-1].id}, and times.",
        ),
    ),
    "In the player": (
        Term(
            "held",
            "Held",
            "A graph or box that is shown on after its own frame, since the frames behind it have none. Boxes are "
            "drawn in long dashes and fade with their age.",
        ),
        Term(
            "interpolated",
            "Interpolated",
            "A box between two annotated frames that both have its object, moved in a straight line from one to the "
            "other. Drawn in fine dashes, since nobody annotated it there. Relationships are never interpolated.",
        ),
        Term(
            "judge",
            "Judge",
            "Marks each predicted box and triplet as right, false or missed, as annotation or exact truth say.",
            "Key J. An annotation may leave out what the person does not act on; the exact truth leaves nothing out.",
        ),
    ),
}
"""Every term, by what it is about."""

TERMS: dict[str, Term] = {term.id: term for terms in SECTIONS.values() for term in terms}
"""Every term by its id."""
