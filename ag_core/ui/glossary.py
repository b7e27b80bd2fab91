"""How the words of the app are explained: marked in texts, as tooltips, on page Glossary, and in docs/glossary.md.

Knows no Streamlit. The words themselves are in glossary_terms.py.
"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape

from ag_core.ui.glossary_terms import SECTIONS, TERMS, Term

PAGE = "Glossary"
"""The address of the page, relative to any other."""

TERM = "term"
"""The query parameter that names a term."""


def link_term(term: Term) -> str:
    """The address of a term on the glossary's page."""
    return f"{PAGE}?{TERM}={term.id}"


def explain(*ids: str) -> str:
    """Terms as Markdown for the help of a widget, each with its link to the glossary."""
    terms = [TERMS[one] for one in ids]
    return "\n\n".join(f"[**{term.name}**]({link_term(term)}): {term.meaning}" for term in terms)


def explain_words(text: str) -> str:
    """A text such as the head of a column, and below it the terms in it that the glossary has."""
    return "\n\n".join([text, *(explain(term.id) for term in find_terms(text))])


def find_terms(text: str) -> list[Term]:
    """The terms that are spelled in a text, each once, in their order."""
    return list(dict.fromkeys(_get_term(match) for match in _compile_spellings().finditer(text)))


def mark_terms(html: str) -> str:
    """A piece of HTML without attributes in which the first mention of each term is a link with its meaning as title.

    What stands between backticks stays as it is.
    """
    marked: set[str] = set()

    def mark(match: re.Match[str]) -> str:
        term = _get_term(match)
        if term.id in marked:
            return match[0]
        marked.add(term.id)
        return render_term(term, match[0])

    pieces = html.split("`")
    return "`".join(piece if index % 2 else _compile_spellings().sub(mark, piece) for index, piece in enumerate(pieces))


def split_terms(text: str) -> list[tuple[str, Term | None]]:
    """A text in pieces: those that spell a term of the glossary for the first time, with it, and what is between."""
    pieces: list[tuple[str, Term | None]] = []
    end = 0
    for match in _compile_spellings().finditer(text):
        term = _get_term(match)
        if any(term is known for _, known in pieces):
            continue
        pieces += [(text[end : match.start()], None), (match[0], term)]
        end = match.end()
    return [(words, term) for words, term in [*pieces, (text[end:], None)] if words]


def render_term(term: Term, words: str) -> str:
    """Escaped words as the link to a term, in a tab of its own so that a video plays on."""
    meaning = escape(term.meaning.replace("`", ""))
    return f'<a class="ag-term" href="{link_term(term)}" target="_blank" title="{meaning}">{words}</a>'


def search_terms(words: str) -> dict[str, list[Term]]:
    """By section, the terms in which all the words occur; all terms for none."""
    wanted = words.lower().split()
    found = {
        section: [
            one for one in terms if all(word in f"{one.name} {one.meaning} {one.more}".lower() for word in wanted)
        ]
        for section, terms in SECTIONS.items()
    }
    return {section: terms for section, terms in found.items() if terms}


def render_document() -> str:
    """docs/glossary.md."""
    lines = [
        "# Glossary",
        "",
        "The words of the app and of its documents. Page Glossary of the app shows the same.",
        "",
    ]
    lines += ["<!-- python -m ag_core.ui.glossary > docs/glossary.md -->"]
    for section, terms in SECTIONS.items():
        lines += ["", f"## {section}", "", "| word | means |", "| --- | --- |"]
        lines += [f"| {term.name} | {_join(term.meaning, term.more)} |" for term in terms]
    return "\n".join(lines) + "\n"


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _get_term(match: re.Match[str]) -> Term:
    return _list_marked()[int(match.lastindex or 1) - 1]


@cache
def _list_marked() -> Sequence[Term]:
    return [term for term in TERMS.values() if term.spelled]


@cache
def _compile_spellings() -> re.Pattern[str]:
    """All spellings, a group a term. No word counts within a longer one, nor in a link's address."""
    return re.compile(r"(?<![\w/=&.])(?:" + "|".join(f"({term.spelled})" for term in _list_marked()) + r")(?![\w/])")


if __name__ == "__main__":
    print(render_document(), end="")
