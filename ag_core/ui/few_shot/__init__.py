"""Parts of the page Few-shot: Table 4, and the lab in which a visitor teaches an action."""
