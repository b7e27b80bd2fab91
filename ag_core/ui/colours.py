"""Colours of charts and of marks on the pages, by whether the theme is dark; none vanishes on its page.

What stands alone (a category, a bar, a point) differs from the page by 3 to 1 at least; a cell, which has neighbours
and an outline, by 1.3 to 1 from its smallest value on. tests/ui/test_colours.py measures both. Groups of relationships
have colours of their own (graphs/palette.py), models theirs (catalog).
"""

CATEGORIES: dict[bool, list[str]] = {
    False: [
        "#6B3FA0", "#2C6BB3", "#0F7A80", "#2F7A34", "#866500", "#B34D12", "#AB2C5C", "#555F73", "#3D4FB8", "#7A5A3A",
    ],
    True: [
        "#B794F4", "#7FB2F5", "#5CC9CF", "#7FD08A", "#E5C15A", "#F0A070", "#F08FB0", "#AEB8C8", "#93A0F5", "#D1AE87",
    ],
}  # fmt: skip
"""Ten colours for names in no order: the steps of a search, the words in a column of an answer."""

INK = {False: "#FFFFFF", True: "#14161B"}
"""What is written on these colours."""

CELL_RAMP = {
    False: ["#E6D8F4", "#CBA8E9", "#A66FD6", "#8329C1", "#4E1480"],
    True: ["#33274A", "#4A3670", "#6F50A6", "#A678F0", "#EADCFF"],
}
"""From little to much in the cells of a heat map; a cell of nothing has the page's colour."""

MARK_RAMP = {False: ["#A66FD5", "#8A2FC9", "#4E1480"], True: ["#7E5FB8", "#A678F0", "#EADCFF"]}
"""From little to much for points and bars."""
