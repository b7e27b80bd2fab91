"""The SQL sandbox answers questions and refuses everything else; the list of attacks grows, it never shrinks."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.jobs.job import JobState
from ag_core.queries.sql.rules import FUNCTIONS, TABLE_FUNCTIONS
from ag_core.queries.sql.sandbox import LIMIT_BYTES, SqlJobs, SqlSandbox, open_sql_queue
from ag_core.queries.sql.text import find_error_position
from ag_core.table_files import encode_table
from ag_core.ui.charts.query_chart import draw_query_chart
from ag_core.ui.charts.query_rows import list_axis_columns, list_chart_kinds, select_chart_rows
from ag_core.world.export import write_set
from tests.queries.sql.sandbox_texts import ATTACKS, QUESTIONS
from tests.world.stand_in import stand_in_truth

ENDLESS = "select sum(a.range * b.range) from range(1000000) a, range(1000000) b"


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox")
    (folder / "dense").mkdir()
    stand_in_truth().save(folder / "dense" / "AB1CD.npz")
    write_set(folder, ["AB1CD"], {})
    build_store(folder / "home.duckdb", folder / "charades", folder)
    return folder / "home.duckdb"


@pytest.fixture(scope="module")
def sandbox(store_path: Path) -> Iterator[SqlSandbox]:
    sandbox = SqlSandbox(store_path, memory_mb=200)
    yield sandbox
    sandbox.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_with_a_sentence(name: str, sandbox: SqlSandbox, store_path: Path) -> None:
    secret_frame = "hidden words"
    before = store_path.read_bytes(), sorted(store_path.parent.iterdir())
    with pytest.raises(UserError) as refused:
        sandbox.run(ATTACKS[name].replace("{folder}", str(store_path.parent)), timeout_s=0.5)
    said = str(refused.value)
    assert len(said) > 10 and str(store_path.parent) not in said and secret_frame not in said and "root:" not in said
    assert "Traceback" not in said and "sandbox.worker" not in said
    assert before == (store_path.read_bytes(), sorted(store_path.parent.iterdir()))
    assert sandbox.run("select count(*) as n from videos").frame["n"].tolist() == [1]


def test_the_list_of_attacks_is_long() -> None:
    assert len(ATTACKS) >= 150


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered(question: str, sandbox: SqlSandbox) -> None:
    result = sandbox.run(question)
    assert len(result.frame) and not result.cut and result.seconds >= 0
    assert result.frame.columns.is_unique


def of_duckdb(query: str) -> list[str]:
    with duckdb.connect(":memory:") as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


@pytest.mark.slow
def test_every_other_table_function_of_duckdb_is_shut(sandbox: SqlSandbox) -> None:
    kinds = "('table', 'table_macro', 'pragma')"
    names = of_duckdb(f"select distinct function_name from duckdb_functions() where function_type in {kinds}")
    assert len(names) > 100
    for name in set(names) - TABLE_FUNCTIONS:
        for attack in (f'from "{name}"()', f'from "{name}"', f'select "{name}"() where false', f"pragma {name}"):
            if attack.startswith("select") and name in FUNCTIONS:
                continue
            with pytest.raises(UserError, match=r"not allowed|not a table|syntax error"):
                sandbox.run(attack)


@pytest.mark.slow
def test_every_view_of_duckdb_itself_is_shut(sandbox: SqlSandbox) -> None:
    names = of_duckdb("select distinct schema_name || '.' || view_name from duckdb_views() where internal")
    assert len(names) > 40
    for name in set(names) - {"information_schema.tables", "information_schema.columns"}:
        for attack in (f"from {name}", f"from system.{name}", f"describe {name}", f"summarize {name}"):
            with pytest.raises(UserError, match=r"not a table|by its name alone"):
                sandbox.run(attack)


def test_every_allowed_function_exists() -> None:
    written_otherwise = {"coalesce", "ifnull", "current_timestamp"}  # the parser's own
    names = set(of_duckdb("select distinct lower(function_name) from duckdb_functions()"))
    assert not FUNCTIONS - names - written_otherwise
    assert not TABLE_FUNCTIONS - names


def test_no_allowed_function_reaches_out() -> None:
    telltale = (
        "read_",
        "write_",
        "scan",
        "pragma",
        "duckdb_",
        "setting",
        "secret",
        "sleep",
        "query",
        "nextval",
        "glob",
    )
    assert not [name for name in FUNCTIONS | TABLE_FUNCTIONS if any(part in name for part in telltale)]


def test_the_views_have_names(sandbox: SqlSandbox) -> None:
    frame = sandbox.run(
        "select distinct object, relation, \"group\" from named_relations where relation = 'holding'"
    ).frame
    assert frame.values.tolist() == [["cup/glass/bottle", "holding", "contact"]]
    actions = sandbox.run("select action_id, start_s, end_s from named_actions order by start_s").frame
    assert actions.values.tolist() == [["c106", 0.0, 1.5], ["c059", 0.5, 1.5], ["c009", 2.5, 3.0]]


def test_values_arrive_as_tables_know_them(sandbox: SqlSandbox) -> None:
    frame = sandbox.run(
        "select sum(range)::hugeint as whole, 170141183460469231731687303715884105727 as huge, 1.25 as part,"
        " [1, 2] as l, {'a': 'b'} as s, 'a\\x00'::blob as b, interval 3 day as i, null as n,"
        " 'x'::enum ('x') as e from range(5)"
    ).frame
    assert frame["whole"].dtype == "int64" and frame["whole"][0] == 10
    assert frame["huge"][0] == "170141183460469231731687303715884105727" and frame["part"][0] == 1.25
    assert frame.loc[0, ["l", "s", "b", "i", "e"]].tolist() == ["[1,2]", '{"a":"b"}', "a\\x00", "3 days", "x"]
    assert frame["n"].isna().all()


SHOWN: dict[str, Any] = {
    "9007199254740993": 9007199254740993,
    "(-3)::tinyint": -3, "65535::usmallint": 65535, "18446744073709551615::ubigint": 18446744073709551615,
    "170141183460469231731687303715884105727::hugeint": "170141183460469231731687303715884105727",
    "340282366920938463463374607431768211455::uhugeint": "340282366920938463463374607431768211455",
    "12345678901234567890.12::decimal(38, 2)": "12345678901234567890.12", "1.10::decimal(4, 2)": 1.1,
    "pi()": 3.141592653589793, "0.1::float": 0.1, "'nan'::double": None, "'-inf'::float": None, "true": True,
    "date '2020-01-02'": "2020-01-02", "date '0044-03-15 (BC)'": "0044-03-15 (BC)", "date 'infinity'": "infinity",
    "date '99999-01-02'": "99999-01-02",
    "timestamp '2020-01-02 03:04:05.000006'": "2020-01-02T03:04:05.000006",
    "timestamp_ns '2020-01-02 03:04:05.123456789'": "2020-01-02T03:04:05.123456789",
    "timestamp_s '2020-01-02 03:04:05'": "2020-01-02T03:04:05",
    "timestamp_ms '2020-01-02 03:04:05.006'": "2020-01-02T03:04:05.006000",
    "timestamptz '2020-01-02 03:04:05+02'": "2020-01-02T01:04:05+00:00",
    "timestamp '-infinity'": "-infinity", "timestamp_ns 'infinity'": "infinity", "timestamp_s 'infinity'": "infinity",
    "timestamp '0044-03-15 (BC) 10:00:00'": "0044-03-15 (BC) 10:00:00",
    "time '10:00:00.000001'": "10:00:00.000001", "time '24:00:00'": "24:00:00", "timetz '10:00:00+02'": "10:00:00+02",
    "interval '3 months 1 day'": "3 months 1 day", "'1010'::bit": "1010", "'\\xAA'::blob": "\\xAA",
    "'12a322c8-e617-426c-aec7-32a07a3a78e1'::uuid": "12a322c8-e617-426c-aec7-32a07a3a78e1",
    "'b'::enum('a', 'b')": "b", "'[1]'::json": "[1]",
    "[1.5, 2.5]": "[1.5,2.5]", "[[1.5]]": "[[1.5]]", "array_value(1.5, 2.5)": "[1.5,2.5]",
    "[1, 2]::integer[2]": "[1,2]", "{'a': 1.50, 'b': [date 'infinity']}": '{"a":1.5,"b":["infinity"]}',
    "{'a': 'nan'::double, 'NaN': ['-inf'::float, 1], 'c': 'a \"NaN'}": '{"a":null,"NaN":[null,1.0],"c":"a \\"NaN"}',
    "map {'a': 1.5}": '{"a":1.5}', "union_value(k := 1.5)": '{"k":1.5}', "null": None,
}  # fmt: skip
"""Every kind of value that DuckDB has, and what a JSON file of the answer says."""


@pytest.mark.parametrize("value", SHOWN)
def test_every_type_is_shown_and_written_exactly_beside_a_missing_one(value: str, sandbox: SqlSandbox) -> None:
    frame = sandbox.run(f"select {value} as v, 1 as n union all select null, 2 order by n").frame
    rows = json.loads(encode_table(frame, "json"))
    assert rows == [{"v": SHOWN[value], "n": 1}, {"v": None, "n": 2}]
    text = encode_table(frame, "csv").decode()
    assert list(csv.reader(io.StringIO(text)))[2] == ["", "2"]
    if isinstance(SHOWN[value], int | str) and "T" not in str(SHOWN[value]):
        assert list(csv.reader(io.StringIO(text)))[1] == [str(SHOWN[value]), "1"]
    read = pd.read_parquet(io.BytesIO(encode_table(frame, "parquet")))
    assert json.loads(encode_table(read, "json")) == rows


def test_charts_are_drawn_of_whole_numbers_beside_missing_ones(sandbox: SqlSandbox) -> None:
    frame = sandbox.run(
        "select 'a' as w, 9007199254740993 as x, 3 as y union all select 'b', null, 4 union all select 'b', 1, null"
    ).frame
    for kind in list_chart_kinds(frame):
        across, up, _ = list_axis_columns(frame, kind)
        table = select_chart_rows(frame, kind, across[0], up[0] if up else None, None)
        assert draw_query_chart(table, kind, across[0], up[0] if up else None, None, dark=False).to_dict()


@pytest.mark.parametrize(
    "text",
    ["select 1; -- done", "select 1; /* ; */", "-- first\n\nselect 1 -- é; \n;;", "select ';' as x; ", "; select 1"],
)
def test_comments_and_semicolons_may_stand_around_the_statement(text: str, sandbox: SqlSandbox) -> None:
    assert len(sandbox.run(text).frame) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("-- one\n-- two\nselect nope from videos", 3),
        ("\n\n/* one\ntwo */ select\n nope\nfrom videos;", 5),
        ("-- one\nselct 1", 2),
        ("-- one\nselect video_id::integer from videos", 2),
        ("-- one\u2028two\nselect nope from videos -- é", 2),
    ],
)
def test_an_error_names_the_line_of_the_text_with_its_comments(text: str, line: int, sandbox: SqlSandbox) -> None:
    with pytest.raises(UserError, match=f"LINE {line}:") as error:
        sandbox.run(text)
    found = find_error_position(str(error.value), text)
    assert found is not None and found[0] == line


def test_too_many_rows_are_cut_and_said(sandbox: SqlSandbox) -> None:
    result = sandbox.run("select range as i from range(50) order by i desc", limit_rows=10)
    assert result.cut == "rows" and result.frame["i"].tolist() == list(range(49, 39, -1))
    assert not sandbox.run("select * from range(10)", limit_rows=10).cut


def test_too_many_bytes_are_cut_and_said(store_path: Path) -> None:
    sandbox = SqlSandbox(store_path, memory_mb=500)
    result = sandbox.run("select repeat('x', 50000) as cell from range(5000)")
    assert result.cut == "bytes" and 0 < len(result.frame) * 50_000 <= LIMIT_BYTES
    sandbox.close()


def test_one_giant_cell_is_refused(store_path: Path) -> None:
    sandbox = SqlSandbox(store_path, memory_mb=500)
    with pytest.raises(UserError, match=r"over 64 MB|more than 500 MB"):
        sandbox.run("select repeat('x', 100000000) as cell", timeout_s=60)
    sandbox.close()


@pytest.mark.parametrize("limits", [{"limit_rows": -1}, {"timeout_s": 0}])
def test_limits_below_nothing_are_refused(limits: dict[str, int], sandbox: SqlSandbox) -> None:
    with pytest.raises(UserError, match="needs a row limit"):
        sandbox.run("select 1", **limits)


def test_a_long_query_ends_at_the_time_limit(sandbox: SqlSandbox) -> None:
    with pytest.raises(UserError, match=r"longer than 0\.3 s"):
        sandbox.run(ENDLESS, timeout_s=0.3)  # it would take hours
    assert sandbox.run("select 1 as one").frame["one"].tolist() == [1]


def test_a_query_can_be_stopped(sandbox: SqlSandbox) -> None:
    threading.Timer(0.3, sandbox.interrupt).start()
    with pytest.raises(UserError, match="was stopped"):
        sandbox.run(ENDLESS, timeout_s=20)


def test_an_error_is_duckdbs_own_with_the_users_line(sandbox: SqlSandbox) -> None:
    with pytest.raises(UserError, match=r"(?s)no_such_column.*LINE 2:"):
        sandbox.run("select video_id,\n  no_such_column\nfrom videos")
    with pytest.raises(UserError, match=r"(?s)syntax error.*LINE 1:"):
        sandbox.run("selct 1")
    with pytest.raises(UserError, match=r"(?s)Could not convert.*LINE 2:"):
        sandbox.run("select\n  video_id::integer\nfrom videos")
    with pytest.raises(UserError, match=r"vidoes is not a table of this store; did you mean videos\?"):
        sandbox.run("from vidoes")


def test_folders_of_videos_stay_hidden(tmp_path: Path, store_path: Path) -> None:
    copy = tmp_path / "store.duckdb"
    copy.write_bytes(store_path.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update videos set path = '/somewhere/films/' || video_id || '.mp4'")
    sandbox = SqlSandbox(copy, memory_mb=200)
    assert sandbox.run("select path from videos").frame["path"].tolist() == ["AB1CD.mp4"]
    assert "somewhere" not in sandbox.run("from videos").frame.to_csv() + sandbox.first_rows("videos").to_csv()
    assert "somewhere" not in sandbox.run("summarize videos").frame.to_csv()
    sandbox.close()


def test_store_and_sandbox_share_the_file(sandbox: SqlSandbox, store_path: Path) -> None:
    with AnnotationStore(store_path) as store:
        assert len(store.videos()) == len(sandbox.run("select * from videos").frame)


def test_the_schema_lists_tables_then_views(sandbox: SqlSandbox) -> None:
    schema = sandbox.schema()
    assert ("video_id", "varchar") in schema["videos"]
    assert list(schema).index("relations") < list(schema).index("named_actions")


def test_a_lake_is_asked_like_a_file(sandbox: SqlSandbox, store_path: Path, tmp_path: Path) -> None:
    write_lake(store_path, tmp_path / "lake")
    lake = SqlSandbox(tmp_path / "lake", memory_mb=300)
    assert list(lake.schema()) == list(sandbox.schema())
    question = "select object, relation, count(*) as n from named_relations group by all order by all"
    assert lake.run(question).frame.equals(sandbox.run(question).frame)
    inside = next((tmp_path / "lake").rglob("*.parquet"))
    for attack in (f"from '{inside}'", f"from read_parquet('{inside}')", "from '/etc/passwd'"):
        with pytest.raises(UserError, match=r"not a table|not allowed") as refused:
            lake.run(attack)
        assert str(tmp_path) not in str(refused.value)
    lake.close()


def test_runs_at_the_same_time_do_not_disturb_one_another(sandbox: SqlSandbox) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda k=k: answers.append(int(sandbox.run(f"select {k} as k").frame["k"][0])))
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(8))
    assert sandbox.queue.list_jobs() == []


def run_away(sandbox: SqlSandbox, said: list[str]) -> threading.Thread:
    """A query that does not end by itself, in a thread; what it ends with."""

    def run() -> None:
        try:
            sandbox.run(ENDLESS, timeout_s=60)
        except UserError as error:
            said.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    while not any(job.state == JobState.RUNNING for job in sandbox.queue.list_jobs()):
        thread.join(0.01)
    return thread


def test_a_runaway_of_one_person_leaves_room_for_another(store_path: Path) -> None:
    queue = open_sql_queue(store_path, memory_mb=200, slots=2)
    mine, other = SqlSandbox(store_path, queue=queue), SqlSandbox(store_path, queue=queue)
    said: list[str] = []
    thread = run_away(mine, said)
    assert other.run("select count(*) as n from videos").frame["n"].tolist() == [1]
    assert thread.is_alive()
    other.interrupt()
    assert other.run("select 1 as one").frame["one"].tolist() == [1]
    assert thread.is_alive()
    mine.interrupt()
    thread.join()
    assert said == ["the query was stopped"]
    queue.close()


def test_a_query_waits_for_its_turn_and_is_turned_away_after_a_while(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = open_sql_queue(store_path, memory_mb=200, slots=1)
    sandbox = SqlSandbox(store_path, queue=queue)
    said: list[str] = []
    thread = run_away(sandbox, said)
    monkeypatch.setattr(SqlJobs, "max_wait_s", 0.2)
    with pytest.raises(UserError, match="SQL is busy with 1 others; try again in a moment"):
        SqlSandbox(store_path, queue=queue).run("select 1")
    monkeypatch.setattr(SqlJobs, "max_wait_s", 60.0)
    other = SqlSandbox(store_path, queue=queue)
    answers: list[list[int]] = []
    waiting = threading.Thread(target=lambda: answers.append(other.run("select 1 as one").frame["one"].tolist()))
    waiting.start()
    while not other.is_waiting():
        waiting.join(0.01)
    sandbox.interrupt()
    waiting.join()
    assert answers == [[1]] and not other.is_waiting()
    thread.join()
    assert said == ["the query was stopped"]
    queue.close()


def test_a_process_that_died_while_idle_is_replaced(store_path: Path) -> None:
    sandbox = SqlSandbox(store_path, memory_mb=200)
    assert sandbox.run("select 1 as one").frame["one"].tolist() == [1]
    [number] = sandbox.queue.list_process_ids()[""]
    os.kill(number, signal.SIGKILL)
    assert sandbox.run("select 1 as one").frame["one"].tolist() == [1]
    assert sandbox.queue.list_process_ids()[""] != [number]
    sandbox.close()


def test_the_process_loads_little() -> None:
    """Whoever asks first waits for it: with pandas twice as long."""
    program = """
import sys, duckdb, ag_core.queries.sql.process
from ag_core.queries.sql.answers import correct_json
table = duckdb.sql("select '[1.5, NaN]' as j").to_arrow_reader(9).read_all()
assert correct_json(table, [0]).column(0)[0].as_py() == "[1.5, null]"
print(sorted({'pandas', 'torch', 'streamlit'} & {*sys.modules}))
"""
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


def test_a_process_is_used_again_and_two_stay(store_path: Path) -> None:
    sandbox = SqlSandbox(store_path, memory_mb=200)
    for _ in range(3):
        sandbox.run("select 1")
    [number] = sandbox.queue.list_process_ids()[""]
    threads = [threading.Thread(target=sandbox.run, args=("select 1",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sandbox.queue.list_process_ids()[""]
    assert number in numbers and len(numbers) <= 2
    sandbox.close()


def test_a_missing_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not there"):
        SqlSandbox(tmp_path / "none.duckdb")


def test_a_file_that_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "none.duckdb").write_text("not a store")
    sandbox = SqlSandbox(tmp_path / "none.duckdb")
    with pytest.raises(UserError, match="is no annotation store"):
        sandbox.run("select 1")
    sandbox.close()
