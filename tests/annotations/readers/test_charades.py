"""The Charades reader: quirks of the real file by hand, then the real file by its known counts."""

from pathlib import Path

import numpy as np
import pytest

from ag_core.annotations.readers.charades import (
    ENDS_LATE,
    REVERSED,
    STARTS_EARLY,
    STARTS_LATE,
    read_charades,
    repair_interval,
)
from ag_core.annotations.readers.issues import Kind
from ag_core.errors import UserError
from ag_core.taxonomy import N_ACTIONS
from tests.annotations.released import SHARED

HEADER = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length\r\n"


def written(folder: Path, rows: str, name: str = "Charades_v1_train.csv") -> Path:
    path = folder / name
    path.write_bytes((HEADER + rows).encode())
    return path


@pytest.mark.parametrize(
    ("start", "end", "length", "expected"),
    [
        (1.0, 2.0, 10.0, (1.0, 2.0, "")),
        (1.0, 12.0, 10.0, (1.0, 10.0, ENDS_LATE)),
        (11.0, 12.0, 10.0, (10.0, 10.0, STARTS_LATE)),
        (5.0, 3.0, 10.0, (5.0, 5.0, REVERSED)),
        (11.0, 3.0, 10.0, (10.0, 10.0, REVERSED)),
        (4.0, 4.0, 10.0, (4.0, 4.0, "")),
        (-1.0, 2.0, 10.0, (0.0, 2.0, STARTS_EARLY)),
        (1.0, 99.0, None, (1.0, 99.0, "")),
    ],
)
def test_intervals_end_within_the_video(
    start: float, end: float, length: float | None, expected: tuple[float, float, str]
) -> None:
    assert repair_interval(start, end, length) == expected


def test_quotes_blank_cells_and_several_intervals_of_one_action(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'AB1CD,S001,"Entryway (A hall, at the entrance)",,7,No,"He says ""hi"", then sits.",,a;b,'
        "c059 0.00 5.00;c059 6.00 9.00,9.50\r\nEF2GH,S002,Kitchen,6,,Yes,Text,chair,,,3\r\n",
    )
    table = read_charades(path)
    first, second = table.videos
    assert (first.scene, first.script, first.split) == (
        "Entryway (A hall, at the entrance)",
        'He says "hi", then sits.',
        "train",
    )
    assert (table.notes[0].quality, table.notes[0].relevance, table.notes[0].verified) == (None, 7, False)
    assert (table.notes[0].object_nouns, table.notes[1].descriptions) == (None, None)
    assert [(i.video_id, i.action, i.start_s, i.end_s) for i in table.intervals] == [
        ("AB1CD", 59, 0.0, 5.0),
        ("AB1CD", 59, 6.0, 9.0),
    ]
    assert second.duration_s == 3 and not table.issues


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "Charades_v1_test.csv"
    path.write_text("length,actions,id\n9,c001 0 1,AB1CD\n")
    table = read_charades(path)
    assert (table.videos[0].duration_s, table.videos[0].split, len(table.intervals)) == (9.0, "test", 1)


def test_what_cannot_be_used_is_left_out_and_listed(tmp_path: Path) -> None:
    rows = (
        "AB1CD,S,K,6,6,Yes,,,,c999 0 1;c001 x 2;c001 1;c001 nan 2; ;c002 8 12,10\r\n"
        "AB1CD,S,K,6,6,Yes,,,,c001 0 1,10\r\n,S,K,6,6,Yes,,,,c001 0 1,10\r\nEF2GH,S,K,6,6,Yes,,,,c001 0 1,long\r\n"
    )
    table = read_charades(written(tmp_path, rows))
    assert [video.video_id for video in table.videos] == ["AB1CD", "EF2GH"]
    assert [i.action for i in table.intervals] == [2, 1] and table.repairs == [ENDS_LATE, ""]
    assert np.isnan(table.videos[1].duration_s)
    reasons = [issue.reason for issue in table.issues]
    assert len(reasons) == 8 and "c999" in reasons[0] and "second row" in reasons[5]


def test_cells_that_are_changed_are_listed(tmp_path: Path) -> None:
    rows = (
        "AB1CD,S,K,nine,300,Maybe,,,,c001 -1.00 2.00;c002 0 1e99,10\r\n"
        "EF2GH,S,K,,,,,,,c001 0 1,10,more\r\nGH3IJ,S,K,6,6,No,,,,c001 0 1\r\n"
    )
    table = read_charades(written(tmp_path, rows))
    assert table.repairs == [STARTS_EARLY] and [note.verified for note in table.notes] == [None]
    kinds = [(issue.kind, issue.key.split()[0]) for issue in table.issues]
    assert kinds == [
        (Kind.NOTE_UNREADABLE, "AB1CD"), (Kind.NOTE_UNREADABLE, "AB1CD"), (Kind.NOTE_UNREADABLE, "AB1CD"),
        (Kind.INTERVAL_STARTS_EARLY, "AB1CD"), (Kind.ACTION_MALFORMED, "AB1CD"), (Kind.ROW_CELLS, "EF2GH"),
        (Kind.ROW_CELLS, "GH3IJ"),
    ]  # fmt: skip
    assert "quality 'nine'" in table.issues[0].reason and "verified 'Maybe'" in table.issues[2].reason


def row(video_id: str, script: str = "A person.", action: str = "c001 1 2", length: str = "20") -> str:
    return f"{video_id},S,Kitchen,6,7,Yes,{script},o,d,{action},{length}\r\n"


@pytest.mark.parametrize(
    ("rows", "kept", "listed"),
    [
        # closed by the mark that opens another row's cell
        ([row("V1"), row("V2", '"Sits, then'), row("V3"), row("V4", '"Stands."'), row("V5")], ["V1", "V3", "V4", "V5"],
         [("V2", 3)]),
        # closed by a stray mark at the end of another row's cell: the record has the right number of cells
        ([row("V1"), row("V2", '"Sits, then'), row("V3"), row("V4", 'Stands."'), row("V5")], ["V1", "V3", "V4", "V5"],
         [("V2", 3)]),
        # closed by nothing, at the end of the file
        ([row("V1"), row("V2"), row("V3", '"Sits, then')], ["V1", "V2"], [("V3", 4)]),
        # two of them, of which the second would close the first
        ([row("V1", '"Sits'), row("V2", '"Stands'), row("V3")], ["V3"], [("V1", 2), ("V2", 3)]),
        # text behind a closing mark
        ([row("V1", '"Sits" down'), row("V2")], ["V2"], [("V1", 2)]),
        # a cell may have line ends and marks of its own
        ([row("V1", '"Sits,\r\nthen ""stands"",\nthen sits"'), row("V2")], ["V1", "V2"], []),
        # a comma outside quotes moves every cell behind it
        ([row("V1", "Sits, then stands"), row("V2")], ["V2"], [("V1", 2)]),
        ([row("V1\0"), row("V2")], ["V2"], [("V1", 2)]),
        ([row("V1") + "\r\n", row("V2").replace("\r\n", "\n")], ["V1", "V2"], []),
        ([row("V1").strip() + ",,\r\n", row("V2").strip()], ["V1", "V2"], []),
    ],
)  # fmt: skip
def test_no_row_swallows_another(
    rows: list[str], kept: list[str], listed: list[tuple[str, int]], tmp_path: Path
) -> None:
    table = read_charades(written(tmp_path, "".join(rows)))
    assert [video.video_id for video in table.videos] == kept == [interval.video_id for interval in table.intervals]
    assert [(issue.key, issue.reason.split(":")[0]) for issue in table.issues] == [(i, f"line {n}") for i, n in listed]


def test_a_mark_that_nothing_closes_costs_one_row_of_thousands(tmp_path: Path) -> None:
    rows = [row(f"V{number:04d}", "A person sits. " * 5) for number in range(2500)]
    rows[3] = row("V0003", '"A person sits, then')
    table = read_charades(written(tmp_path, "".join(rows)))
    assert len(table.videos) == 2499 and [(i.kind, i.key) for i in table.issues] == [(Kind.ROW_QUOTES, "V0003")]
    table = read_charades(written(tmp_path, row("V1", "x" * 200_000) + row("V2")))
    assert [issue.reason for issue in table.issues] == ["line 2: a cell has more than 131,072 letters; left out"]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"action": "c01\u00b2 1 2"}, Kind.ACTION_UNKNOWN),
        ({"action": "c\u0660\u0661\u0662 1 2"}, Kind.ACTION_UNKNOWN),
        ({"action": "C001 1 2"}, Kind.ACTION_UNKNOWN),
        ({"action": "c001 1_0 20"}, Kind.ACTION_MALFORMED),
        ({"action": "c001 \uff11 2"}, Kind.ACTION_MALFORMED),
        ({"action": "c001 1 inf"}, Kind.ACTION_MALFORMED),
        ({"length": '"12,5"'}, Kind.LENGTH_UNKNOWN),
        ({"length": "0"}, Kind.LENGTH_UNKNOWN),
        ({"length": "1e999"}, Kind.LENGTH_UNKNOWN),
        ({"video_id": "A" * 201}, Kind.ROW_WITHOUT_ID),
        ({"video_id": "A/B"}, Kind.ROW_WITHOUT_ID),
    ],
)
def test_what_only_looks_like_a_number_or_an_id_is_listed(cells: dict[str, str], kind: Kind, tmp_path: Path) -> None:
    table = read_charades(written(tmp_path, row(**{"video_id": "V1"} | cells) + row("V2")))
    assert [issue.kind for issue in table.issues] == [kind] and table.videos[-1].video_id == "V2"


def test_an_id_may_have_the_ending_of_its_file(tmp_path: Path) -> None:
    table = read_charades(written(tmp_path, row("AB1CD.mp4") + row("EF2GH.MP4") + row("v1.2") + row("AB1CD")))
    assert [video.video_id for video in table.videos] == ["AB1CD", "EF2GH", "v1.2"]
    assert [issue.kind for issue in table.issues] == [Kind.VIDEO_TWICE]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (HEADER.replace(",", ";") + "AB1CD;S\r\n", "has semicolons between its cells"),
        (HEADER.replace(",", "\t"), "has tabs between its cells"),
        (HEADER.replace("script", "id"), "has two columns id"),
        ('id,"actions,length\nV1,c001 1 2,3\n', "line 1: its quotation marks do not pair"),
        (HEADER + row("V1", "caf\u00e9"), None),
        (HEADER + row("V1", '"Sits'), "line 2: its quotation marks do not pair.*as is every row"),
        ("", "has no column id, actions, length"),
    ],
)
def test_a_table_that_is_none_is_refused_by_what_it_is(content: str, sentence: str | None, tmp_path: Path) -> None:
    path = tmp_path / "Charades_v1_train.csv"
    path.write_bytes(content.encode())
    if sentence is None:
        assert read_charades(path).videos[0].script == "caf\u00e9"
        path.write_bytes(content.encode("latin-1"))
        sentence = "line 2: byte 0xe9 is no UTF-8"
    with pytest.raises(UserError, match=sentence):
        read_charades(path)
    path.write_bytes(content.encode("utf-16"))
    with pytest.raises(UserError, match="UTF-16"):
        read_charades(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        read_charades(tmp_path / "none.csv")
    with pytest.raises(UserError, match="is no file; give the Charades"):
        read_charades(tmp_path)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="no column id, actions, length"):
        read_charades(tmp_path / "other.csv")
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0" * 50)
    with pytest.raises(UserError):
        read_charades(tmp_path / "picture.csv")


def test_the_real_train_file_has_its_known_counts() -> None:
    path = SHARED / "charades-annotations" / "Charades_v1_train.csv"
    if not path.is_file():
        pytest.skip("needs the real Charades annotations in ../shared/data")
    table = read_charades(path)
    labelled = {interval.video_id for interval in table.intervals}
    assert (len(table.videos), len(table.intervals)) == (7_985, 49_809)
    assert len(table.videos) - len(labelled) == 174
    assert len({(i.video_id, i.action) for i in table.intervals}) == 48_684
    assert len({i.action for i in table.intervals}) == N_ACTIONS
    assert len({video.subject for video in table.videos}) == 214 and len({video.scene for video in table.videos}) == 16
    assert table.repairs.count(REVERSED) == 7
    assert sum(notes.quality is None for notes in table.notes) == 17
    assert sum(notes.relevance is None for notes in table.notes) == 55
    length = {video.video_id: video.duration_s for video in table.videos}
    assert all(0 <= i.start_s <= i.end_s <= length[i.video_id] for i in table.intervals)


def test_a_column_that_is_not_there_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "Charades_v1_train.csv"
    path.write_text("id,scrpit,actions,length\nAB1CD,A person.,,10\n")
    table = read_charades(path)
    [issue] = table.issues
    assert issue.kind is Kind.COLUMN_MISSING and "script" in issue.key and table.videos[0].script is None
