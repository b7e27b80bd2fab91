"""Ten questions of somebody who sees the app for the first time: each with a short answer, and where the app shows it.

Home lists them; a test opens every link and finds the answer there.
"""

from dataclasses import dataclass, field

from ag_core.ui.glossary_terms import TERMS
from ag_core.ui.page import BENCHMARKS, COMPARE, DOCTOR, GLOSSARY, RUN, SEARCH, SQL


@dataclass(frozen=True)
class Question:
    """A question, its answer in a sentence or two, and the page that shows it: file, link's parameters, and label."""

    asked: str
    answer: str
    page: str
    label: str
    params: dict[str, str] = field(default_factory=dict)


QUESTIONS = (
    Question(
        "What is a scene graph?",
        TERMS["scene-graph"].meaning,
        GLOSSARY,
        "Scene graph in the glossary",
        {"term": "scene-graph"},
    ),
    Question(
        "What do the colours and the letters A, S and C say?",
        TERMS["groups"].meaning,
        GLOSSARY,
        "The three groups in the glossary",
        {"term": "groups"},
    ),
    Question(
        "Why are some boxes dashed?",
        f"{TERMS['held'].meaning} The player's status line says how old a graph is.",
        GLOSSARY,
        "Held in the glossary",
        {"term": "held"},
    ),
    Question(
        "What are LFB and SGFB, and which is right more often?",
        "Two models of actions; LFB remembers what clips look like, SGFB remembers scene graphs. Compare counts how "
        "many of each model's best five actions are annotated, in one video and in all.",
        COMPARE,
        "Compare them",
    ),
    Question(
        "Why does a model believe that an action happens?",
        "Why, on page Compare, lists the triplets without which the score would be lower, and when they held.",
        COMPARE,
        "Ask why",
        {"ask": "Why"},
    ),
    Question(
        "How good are these models, and measured on what?",
        "Benchmarks prints every number with whose it is, its protocol, its data and how many videos or frames it was "
        "measured on, beside the paper's.",
        BENCHMARKS,
        "See the benchmarks",
    ),
    Question(
        "Where does somebody take a cup and then drink from it?",
        "Search finds sequences: steps one after the other, with limits for gaps and lengths. Every hit plays from its "
        "moment.",
        SEARCH,
        "Search for it",
        {"sequence": "holding cup then within 5 s drinking from cup"},
    ),
    Question(
        "How can I try a video of mine, and who sees it?",
        "Run takes a file. The models run on this machine, and nothing leaves it.",
        RUN,
        "Run the models",
    ),
    Question(
        "Can I trust the annotation?",
        "Doctor lists what is odd in it, how much of it and where; Explore filters videos by the quality of their "
        "frames.",
        DOCTOR,
        "See the doctor",
    ),
    Question(
        "How do I take the data with me?",
        "Tables have a download beneath them, a video's graphs have Export, and SQL answers any question as CSV, "
        "Parquet or JSON.",
        SQL,
        "Ask in SQL",
    ),
)
"""In the order in which somebody meets them."""
