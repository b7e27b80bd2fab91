"""How the three groups of relationships look: the paper's orange, green and purple, each with a line and a letter.

Colours are tuned to be read on white and on a dark page, also by people who do not see them; the line style and the
letter always go with the colour.
"""

from dataclasses import dataclass

from ag_core.taxonomy import PERSON, RELATIONS_OF_GROUP, Group, orient_triplet


@dataclass(frozen=True)
class GroupStyle:
    """One group: colour on light and on dark, dashes of a line in pixels (empty is solid), and its letter."""

    light: str
    dark: str
    dashes: tuple[int, ...]
    letter: str

    def colour(self, dark: bool) -> str:
        """The colour as '#RRGGBB'."""
        return self.dark if dark else self.light


GROUP_STYLES: dict[Group, GroupStyle] = {
    Group.ATTENTION: GroupStyle("#D96500", "#FFA733", (2, 5), "A"),
    Group.SPATIAL: GroupStyle("#0F5F44", "#6FE0B5", (9, 5), "S"),
    Group.CONTACT: GroupStyle("#8A2FC9", "#A678F0", (), "C"),
}

STARTS_AT_PERSON: dict[Group, bool] = {
    group: orient_triplet(names[0], "object").subject == PERSON for group, names in RELATIONS_OF_GROUP.items()
}
"""Whether the person is the subject of the relationships of a group."""

DIRECTIONS: dict[Group, str] = {
    group: "person to object" if starts else "object to person" for group, starts in STARTS_AT_PERSON.items()
}
"""Which way the relationships of a group read, and their arrows point."""


@dataclass(frozen=True)
class Theme:
    """What the drawing lies on: page, text, quiet text, thin lines, and the plates of nodes."""

    page: str
    text: str
    quiet: str
    line: str
    plate: str


THEMES: dict[bool, Theme] = {
    False: Theme("#FFFFFF", "#1F2430", "#5A6274", "#D5D9E0", "#F3F4F7"),
    True: Theme("#0E1117", "#F2F3F5", "#A3ABBA", "#363C48", "#1C212B"),
}
"""By whether the picture is dark."""
