"""The language in which a sequence is typed: text to Sequence, and a Sequence to its one canonical text.

docs/search.md explains it by examples. An error names the position, the word that cannot stand there, and what could.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedToken, v_args
from lark.exceptions import VisitError

from ag_core.errors import UserError
from ag_core.queries.sequence.records import Condition, Limits, Sequence, SequenceScope, Step, is_of_person
from ag_core.taxonomy import (
    ACTIONS,
    OBJECTS,
    PERSON,
    RELATIONS,
    find_action_index,
    find_object_index,
    find_relation_index,
    format_name,
    format_triplet,
)

MAX_LETTERS = 4000

_GRAMMAR = r"""
start: step next* where?
next: COMMA? THEN gap? step gap? COMMA?
gap: after within? | within after?
after: AFTER time
within: WITHIN time
step: condition (AND condition)* length?
length: FOR (at_least (AND at_most)? | at_most)
at_least: AT_LEAST time
at_most: AT_MOST time
?condition: NOT condition -> negation
    | "(" condition ")"
    | PERSON? relations? (ANYTHING | objects) located? -> triplet
?relations: any_relation | all_relations
any_relation: RELATION ("|" RELATION)*
all_relations: RELATION ("&" RELATION)+
objects: OBJECT | objects "|" OBJECT
located: (VBAR | AMPERSAND)? (any_location | all_locations) PERSON?
any_location: RELATION ("|" RELATION)*
all_locations: RELATION ("&" RELATION)+
where: WHERE fact (AND fact)*
fact: "action"i ACTION ("|" ACTION)* -> action
    | "scene"i name -> scene
    | "split"i name -> split
    | "source"i name -> source
name: QUOTED | WORD | OBJECT | RELATION
time: NUMBER UNIT?

COMMA: ","
VBAR: "|"
AMPERSAND: "&"
THEN.3: /then\b/i
AFTER.3: /after\b/i
WITHIN.3: /within\b/i
AND.3: /and\b/i
FOR.3: /for\b/i
WHERE.3: /where\b/i
AT_LEAST.4: /at\s+least\b/i
AT_MOST.4: /at\s+most\b/i
NOT.3: /not\b/i
PERSON.3: /person\b/i
ANYTHING.3: /anything\b/i
ACTION.3: /c\d{3}\b/i
UNIT.3: /(milliseconds?|ms|seconds?|sec|s|minutes?|min)\b/i
NUMBER.3: /\d+(\.\d+)?/
RELATION.5: /(<relations>)(?![\w\/])/i
OBJECT.4: /(<objects>)(?![\w\/])/i
QUOTED: /"(\\.|[^"\\])*"/
WORD.-1: /[^\s,|&()]+/
%ignore /\s+/
"""


def parse_sequence(text: str) -> Sequence:
    """The sequence that a text describes; UserError with the position of the word that cannot stand there."""
    if len(text) > MAX_LETTERS:
        raise UserError(f"the query has {len(text)} characters; say it in at most {MAX_LETTERS}")
    try:
        sequence: Sequence = _Builder().transform(_make_parser().parse(text))
        return sequence
    except UnexpectedToken as error:
        raise UserError(_explain_error(error, text)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, (ValueError, KeyError)):
            raise UserError(str(error.orig_exc.args[0])) from None
        raise error.orig_exc from None
    except RecursionError:
        raise UserError("the query has too many `not` one after the other; two of them cancel out") from None


def format_sequence(sequence: Sequence) -> str:
    """The canonical text, one line a step: `parse_sequence` gives the same sequence again."""
    lines = [format_step(sequence.steps[0])]
    for gap, step in zip(sequence.gaps, sequence.steps[1:], strict=True):
        lines.append(" ".join(("then", *_format_gap(gap), format_step(step))))
    where = sequence.where
    facts = ["action " + "|".join(ACTIONS[action].id for action in any_of) for any_of in where.actions]
    facts += [f"scene {_quote(where.scene)}"] if where.scene else []
    facts += [f"split {where.split}"] if where.split is not None else []
    facts += [f"source {_quote(where.source)}"] if where.source != SequenceScope().source else []
    return "\n".join([*lines, *(["where " + " and ".join(facts)] if facts else [])])


def short_object_name(object_class: int) -> str:
    """The short name of an object class: 'cup' for cup/glass/bottle."""
    return OBJECTS[object_class - 1].partition("/")[0]


@cache
def _list_object_words() -> dict[str, int]:
    """Every word for an object, in lower case: the class names, and each part of those that list several."""
    return {
        word.lower(): find_object_index(name)
        for name in OBJECTS
        for word in (name, *name.split("/"), name.replace("/", ""))
    }


@cache
def _make_parser() -> Lark:
    def any_of(names: list[str]) -> str:
        longest_first = sorted(names, key=len, reverse=True)
        return "|".join(re.escape(name).replace("_", r"[\s_]+").replace("/", r"\/") for name in longest_first)

    grammar = _GRAMMAR.replace("<relations>", any_of(list(RELATIONS))).replace(
        "<objects>", any_of(list(_list_object_words()))
    )
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)


@dataclass(frozen=True)
class _Relations:
    """Relationships on one side of an object, and what stands between them: '|', or '&' where all must hold."""

    indices: tuple[int, ...]
    joined_by: str = "|"


@dataclass(frozen=True)
class _Located:
    """Relationships behind an object, which say where it is, and what stands before them: '|', '&' or nothing."""

    relations: _Relations
    joiner: str


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Turns the tree of a text into records, from the leaves up."""

    def time(self, number: Token, unit: Token | None = None) -> int:
        factor = {"m": 60_000, "s": 1000, None: 1000}[unit[0].lower() if unit else None]
        factor = 1 if unit and unit.lower().startswith(("ms", "milli")) else factor
        milliseconds = Decimal(number) * factor
        if milliseconds != int(milliseconds):
            raise ValueError(f"{number} {unit or 's'} is no whole number of milliseconds; round it")
        return int(milliseconds)

    def after(self, _: Token, time: int) -> Limits:
        return Limits(min_ms=time)

    def within(self, _: Token, time: int) -> Limits:
        return Limits(max_ms=time)

    at_least, at_most = after, within

    def gap(self, *parts: Limits | Token) -> Limits:
        limits = [part for part in parts if isinstance(part, Limits)]
        longest = [one.max_ms for one in limits if one.max_ms is not None]
        return Limits(max(one.min_ms for one in limits), longest[0] if longest else None)

    length = gap

    def any_relation(self, *names: Token) -> _Relations:
        return _Relations(_drop_repeats(find_relation_index(" ".join(name.split())) for name in names))

    def all_relations(self, *names: Token) -> _Relations:
        return replace(self.any_relation(*names), joined_by="&")

    # Rules of their own, so that an error after the first relationship still says what could join another to it.
    any_location, all_locations = any_relation, all_relations

    def objects(self, *parts: Token | tuple[int, ...]) -> tuple[int, ...]:
        before = parts[0] if isinstance(parts[0], tuple) else ()
        return _drop_repeats((*before, _list_object_words()[str(parts[-1]).lower()]))

    def located(self, *parts: Token | _Relations) -> _Located:
        relations = next(part for part in parts if isinstance(part, _Relations))
        return _Located(relations, next((str(part) for part in parts if str(part) in ("|", "&")), ""))

    def triplet(self, *parts: Any) -> Condition:
        before = next((part for part in parts if isinstance(part, _Relations)), _Relations(()))
        behind = next((part for part in parts if isinstance(part, _Located)), None)
        classes = next((part for part in parts if isinstance(part, tuple)), ())
        if behind or (isinstance(parts[0], Token) and parts[0].type == "PERSON"):
            _check_directions(before.indices, behind.relations.indices if behind else ())
        return Condition(classes, *_join_relations(before, behind))

    def negation(self, _: Token, condition: Condition) -> Condition:
        return Condition(condition.classes, condition.relations, condition.together, not condition.negated)

    def step(self, *parts: Condition | Limits) -> Step:
        conditions = tuple(part for part in parts if isinstance(part, Condition))
        return Step(conditions, next((part for part in parts if isinstance(part, Limits)), Limits()))

    def next(self, *parts: Step | Limits) -> tuple[Limits, Step]:
        limits = [part for part in parts if isinstance(part, Limits)]
        if len(limits) > 1:
            raise ValueError("a gap is given before and after the same step; give it once")
        return (limits or [Limits()])[0], next(part for part in parts if isinstance(part, Step))

    def name(self, token: Token) -> str:
        return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.type == "QUOTED" else str(token)

    def action(self, *ids: Token) -> tuple[str, Any]:
        return "actions", _drop_repeats(find_action_index(one.lower()) for one in ids)

    def scene(self, words: str) -> tuple[str, Any]:
        return "scene", words.strip()

    def split(self, split: str) -> tuple[str, Any]:
        return "split", split.lower()

    def source(self, source: str) -> tuple[str, Any]:
        return "source", source

    def where(self, *facts: tuple[str, Any] | Token) -> SequenceScope:
        said: dict[str, Any] = {}
        for name, value in (fact for fact in facts if not isinstance(fact, Token)):
            if name == "actions":
                said[name] = (*said.get(name, ()), value)
            elif name in said:
                raise ValueError(f"{name} is given twice after where; give it once")
            else:
                said[name] = value
        return SequenceScope(**said)

    def start(self, *parts: Any) -> Sequence:
        where = next((part for part in parts if isinstance(part, SequenceScope)), SequenceScope())
        following = [part for part in parts if isinstance(part, tuple)]  # of next
        return Sequence((parts[0], *(step for _, step in following)), tuple(gap for gap, _ in following), where)


def _check_directions(before: tuple[int, ...], behind: tuple[int, ...]) -> None:
    """ValueError where what is said of the person stands behind an object, or what is said of the object before it."""
    for relation in before:
        if not is_of_person(relation):
            name, example = format_name(RELATIONS[relation]), format_triplet(RELATIONS[relation], "chair")
            raise ValueError(f"{name!r} says where the object is, so it stands behind it; write {example!r}")
    for relation in behind:
        if is_of_person(relation):
            name, example = format_name(RELATIONS[relation]), format_triplet(RELATIONS[relation], "cup")
            raise ValueError(f"{name!r} is said of the person, so it stands before the object; write {example!r}")


def _join_relations(before: _Relations, behind: _Located | None) -> tuple[tuple[int, ...], bool]:
    """All relationships of one condition, and whether one object must carry them all; ValueError for a mixture."""
    if behind is None:
        return before.indices, before.joined_by == "&" and len(before.indices) > 1
    indices = before.indices + behind.relations.indices
    if behind.joiner and not before.indices:
        raise ValueError(f"nothing stands before the object that {behind.joiner!r} could join; leave it out")
    sides = [side for side in (before, behind.relations) if len(side.indices) > 1]
    joined_by = {side.joined_by for side in sides} | ({behind.joiner or "&"} if before.indices else set())
    if len(joined_by) > 1:
        raise ValueError("the relationships of one object are joined by '|' and by '&'; use one of the two")
    return indices, joined_by == {"&"} and len(indices) > 1


def _drop_repeats(values: Any) -> tuple[int, ...]:
    return tuple(dict.fromkeys(values))


def _format_seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.10g} s"


def _format_gap(gap: Limits) -> list[str]:
    words = [f"after {_format_seconds(gap.min_ms)}"] if gap.min_ms else []
    return words + ([f"within {_format_seconds(gap.max_ms)}"] if gap.max_ms is not None else [])


def _format_condition(condition: Condition) -> str:
    """What is said of the person before the objects, what is said of the objects behind them."""
    between = " & " if condition.together else "|"
    before, behind = (
        between.join(format_name(RELATIONS[one]) for one in condition.relations if is_of_person(one) is of_person)
        for of_person in (True, False)
    )
    objects = "|".join(short_object_name(one) for one in condition.classes) or "anything"
    text = f"{before} {objects}".strip()
    if behind:
        joiner = (" & " if condition.together else " | ") if before else " "
        text += f"{joiner}{behind} {PERSON}"
    if not condition.negated:
        return text
    # `not looking at cup` is the relationship not_looking_at: brackets tell the other reading apart.
    is_relation = any(f"not {text}".startswith(format_name(name)) for name in RELATIONS if name.startswith("not_"))
    return f"not ({text})" if is_relation else f"not {text}"


def format_step(step: Step) -> str:
    """One step in the language, without what leads to it."""
    text = " and ".join(_format_condition(condition) for condition in step.conditions)
    limits = [f"at least {_format_seconds(step.length.min_ms)}"] if step.length.min_ms else []
    limits += [f"at most {_format_seconds(step.length.max_ms)}"] if step.length.max_ms is not None else []
    return f"{text} for {' and '.join(limits)}" if limits else text


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_NAMES_OF_TERMINALS = {
    "RELATION": "a relationship such as holding",
    "OBJECT": "an object such as cup",
    "ANYTHING": "'anything'",
    "PERSON": "",
    "NOT": "'not'",
    "LPAR": "",
    "RPAR": "')'",
    "VBAR": "'|'",
    "AMPERSAND": "'&'",
    "COMMA": "",
    "NUMBER": "a number of seconds",
    "UNIT": "'s'",
    "ACTION": "an action such as c107",
    "QUOTED": "a name in quotes",
    "WORD": "",
    "AT_LEAST": "'at least'",
    "AT_MOST": "'at most'",
    "$END": "the end",
}
"""What a reader is told could stand somewhere; what is left out or empty speaks for itself or would only confuse."""


def _explain_error(error: UnexpectedToken, text: str) -> str:
    """One sentence on a wrong word, and beneath it the line with a mark under the word."""
    accepted = error.interactive_parser.accepts() if error.interactive_parser else error.expected
    words = [_NAMES_OF_TERMINALS.get(name, f"'{name.lower()}'") for name in sorted(accepted, key=_rank_terminal)]
    could = [word for word in dict.fromkeys(words) if word]
    wanted = " or ".join(filter(None, (", ".join(could[:-1]), could[-1])))
    at_end = error.token.type == "$END"
    position = len(text.rstrip()) if at_end else int(error.token.start_pos or 0)
    what = "the query ends" if at_end else f"{str(error.token)!r} cannot stand"
    hint = "" if error.token.type != "WORD" else _suggest_word(str(error.token), set(accepted))
    before = text[:position]
    line = text.splitlines()[before.count("\n")] if text.strip() else ""
    mark = " " * (position - (before.rfind("\n") + 1)) + "^"
    return f"at position {position + 1} {what}; there could be {wanted}{hint}\n{line}\n{mark}"


def _rank_terminal(name: str) -> tuple[int, str]:
    order = list(_NAMES_OF_TERMINALS)
    return (order.index(name) if name in order else len(order), name)


def _suggest_word(word: str, accepted: set[str]) -> str:
    """A known word that looks like a wrong one: `; did you mean 'holding'?`."""
    known = [format_name(name) for name in RELATIONS] if "RELATION" in accepted else []
    known += list(_list_object_words()) if "OBJECT" in accepted else []
    known += [name.lower() for name in accepted if name not in _NAMES_OF_TERMINALS]
    close = get_close_matches(word.lower().replace("_", " "), known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
