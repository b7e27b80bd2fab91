"""A record that a reader repaired or refused: which file, which record, why."""

from typing import NamedTuple


class Issue(NamedTuple):
    """`file` is a file name without its folder, `key` names the record in it, `reason` says what was done and why."""

    file: str
    key: str
    reason: str
