"""What the published grammar of GEXF 1.3 allows (gexf.rnc, data.rnc, dynamics.rnc, viz.rnc), as far as files need it.

Each element with its attributes (required ones marked) and what each must look like, and how often each child may be
there. `list_violations` says where a file leaves it.
"""

import re
from typing import NamedTuple
from xml.etree import ElementTree

MAIN, VIZ = "{http://gexf.net/1.3}", "{http://gexf.net/1.3/viz}"

ANY = r"(?s).*"
NUMBER = r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"
WHOLE = r"\d+"
DATE = r"\d{4}-\d\d-\d\d"
CHANNEL = r"\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]"
PART = r"0?\.\d+|0|1|1\.0+|0\.0*"
EDGE_TYPE = "directed|undirected|mutual"
MODE = "static|dynamic|slice"
VALUE_TYPE = "integer|long|double|float|boolean|bigdecimal|biginteger|byte|char|short|string|anyURI|list[a-z]+"


class Rule(NamedTuple):
    """Attributes by name, the required ones with '!' behind it; children by tag with the least and the most of each."""

    attributes: dict[str, str]
    children: dict[str, tuple[int, int]]
    text: bool = False


MANY = 10**9
NODES_AND_EDGES = {MAIN + "nodes": (0, 1), MAIN + "edges": (0, 1)}
TIMES = {"start": NUMBER, "end": NUMBER}
SHOWN = {MAIN + "attvalues": (0, 1), MAIN + "spells": (0, 1), VIZ + "color": (0, 1), VIZ + "shape": (0, 1)}

GRAMMAR: dict[str, Rule] = {
    MAIN + "gexf": Rule({"version!": r"1\.3", "variant": ANY}, {MAIN + "meta": (0, 1), MAIN + "graph": (1, 1)}),
    MAIN + "meta": Rule(
        {"lastmodifieddate": DATE}, {MAIN + name: (0, 1) for name in ("creator", "keywords", "description")}
    ),
    **{MAIN + name: Rule({}, {}, text=True) for name in ("creator", "keywords", "description", "default", "options")},
    MAIN + "graph": Rule(
        {"defaultedgetype": EDGE_TYPE, "idtype": "integer|string", "mode": MODE,
         "timeformat": "integer|double|date|dateTime", "timerepresentation": "interval|timestamp", "timezone": ANY}
        | TIMES,
        {MAIN + "attributes": (0, MANY), MAIN + "nodes": (1, 1), MAIN + "edges": (1, 1)},
    ),
    MAIN + "attributes": Rule({"class!": "node|edge", "mode": MODE} | TIMES, {MAIN + "attribute": (0, MANY)}),
    MAIN + "attribute": Rule(
        {"id!": ANY, "title!": ANY, "type!": VALUE_TYPE}, {MAIN + "default": (0, 1), MAIN + "options": (0, 1)}
    ),
    MAIN + "nodes": Rule({"count": WHOLE}, {MAIN + "node": (0, MANY)}),
    MAIN + "edges": Rule({"count": WHOLE}, {MAIN + "edge": (0, MANY)}),
    MAIN + "node": Rule(
        {"id!": ANY, "label": ANY, "pid": ANY} | TIMES,
        NODES_AND_EDGES | SHOWN | {VIZ + "position": (0, 1), VIZ + "size": (0, 1)},
    ),
    MAIN + "edge": Rule(
        {"id!": ANY, "type": EDGE_TYPE, "label": ANY, "source!": ANY, "target!": ANY, "weight": NUMBER, "kind": ANY}
        | TIMES,
        SHOWN | {VIZ + "thickness": (0, 1)},
    ),
    MAIN + "attvalues": Rule({}, {MAIN + "attvalue": (0, MANY)}),
    MAIN + "attvalue": Rule({"for!": ANY, "value!": ANY} | TIMES, {}),
    MAIN + "spells": Rule({}, {MAIN + "spell": (1, MANY)}),
    MAIN + "spell": Rule(TIMES, {}),
    VIZ + "color": Rule({"r!": CHANNEL, "g!": CHANNEL, "b!": CHANNEL, "a": PART}, {}),
    VIZ + "size": Rule({"value!": NUMBER}, {}),
    VIZ + "thickness": Rule({"value!": NUMBER}, {}),
    VIZ + "position": Rule({"x!": NUMBER, "y!": NUMBER, "z": NUMBER}, {}),
    VIZ + "shape": Rule({"value!": "disc|square|triangle|diamond|image|solid|dotted|dashed|double"}, {}),
}  # fmt: skip


def list_violations(content: bytes) -> list[str]:
    """Where a GEXF file leaves the grammar; empty where it keeps to it."""
    root = ElementTree.fromstring(content)
    found = [] if root.tag == MAIN + "gexf" else [f"the root is {root.tag}"]
    for element in root.iter():
        found += _check_element(element)
    return found


def _check_element(element: ElementTree.Element) -> list[str]:
    rule, name = GRAMMAR.get(element.tag), element.tag.rpartition("}")[2]
    if rule is None:
        return [f"{element.tag} is no element of GEXF"]
    patterns = {attribute.rstrip("!"): pattern for attribute, pattern in rule.attributes.items()}
    found = [f"{name} has an attribute {said}" for said in element.attrib if said not in patterns]
    found += [
        f"{name} has no {attribute[:-1]}"
        for attribute in rule.attributes
        if attribute.endswith("!") and attribute[:-1] not in element.attrib
    ]
    found += [
        f"{name} says {said}={value!r}"
        for said, value in element.attrib.items()
        if said in patterns and not re.fullmatch(patterns[said], value)
    ]
    tags = [child.tag for child in element]
    found += [f"{name} holds {tag}" for tag in tags if tag not in rule.children]
    found += [
        f"{name} holds {tags.count(tag)} {tag}"
        for tag, (least, most) in rule.children.items()
        if not least <= tags.count(tag) <= most
    ]
    if not rule.text and any((text or "").strip() for text in (element.text, *(child.tail for child in element))):
        found.append(f"{name} holds text")
    return found
