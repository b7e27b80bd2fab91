"""The SQL sandbox answers questions and refuses everything else; the list of attacks grows, it never shrinks."""

import threading
import time
from pathlib import Path

import pytest

from ag_core.data.building import build_store
from ag_core.data.sandbox import SqlSandbox
from ag_core.data.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.world.export import write_set
from tests.world.stand_in import stand_in_truth

ATTACKS = {
    "insert": "insert into videos select * from videos",
    "update": "update videos set split = 'x'",
    "delete": "delete from videos",
    "drop": "drop table videos",
    "create": "create table mine as select 1",
    "temporary table": "create temp table mine as select 1",
    "macro": "create macro f(x) as x",
    "alter": "alter table videos add column x integer",
    "copy out": "copy videos to '{folder}/stolen.csv'",
    "copy in": "copy videos from '/etc/passwd'",
    "export": "export database '{folder}/stolen'",
    "attach": "attach '{folder}/new.duckdb' as other",
    "detach": "detach store",
    "install": "install httpfs",
    "load": "load httpfs",
    "set": "set enable_external_access = true",
    "set in the middle": "select 1; set lock_configuration = false; select 2",
    "reset": "reset memory_limit",
    "pragma": "pragma database_list",
    "pragma as function": "select * from pragma_database_list()",
    "pragma as table": "from pragma_database_list",
    "quoted table": 'select * from "PRAGMA_database_list"',
    "databases and their files": "select path from duckdb_databases()",
    "in a subquery": "select (select max(path) from duckdb_databases())",
    "in a common table": "with a as (select * from duckdb_settings()) select * from a",
    "with a schema": "select * from system.main.duckdb_databases",
    "settings": "select current_setting('home_directory')",
    "secrets": "select * from duckdb_secrets()",
    "read a file": "select * from read_text('/etc/passwd')",
    "read a table of text": "select * from read_csv('/etc/passwd')",
    "file as a table": "select * from '/etc/passwd'",
    "file with an ending": "select * from '/etc/other.csv'",
    "list files": "select * from glob('/*')",
    "text as a query": "select * from query('select * from duckdb_databases()')",
    "serialised query": "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "an address in memory": "select * from arrow_scan(1, 2, 3)",
    "another address": "select * from arrow_scan_dumb(1, 2, 3)",
    "variables of the program": "select * from secret_frame",
    "call": "call pragma_version()",
    "explain": "explain analyze select 1",
    "checkpoint": "checkpoint",
    "prepare": "prepare p as select 1",
    "two statements": "select 1; select 2",
    "nothing": "",
    "a remark": "-- nothing",
    "closing the wrapper": "select 1) limit 1; drop table videos; --",
    "transaction": "begin",
    "use": "use memory",
    "over the memory": "select max(a) from (select repeat('x', 1000) || range as a from range(20000000) order by a)",
}


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox")
    (folder / "dense").mkdir()
    stand_in_truth().save(folder / "dense" / "AB1CD.npz")
    write_set(folder, ["AB1CD"], {})
    build_store(folder / "home.duckdb", folder / "charades", folder)
    return folder / "home.duckdb"


@pytest.fixture(scope="module")
def sandbox(store_path: Path):
    sandbox = SqlSandbox(store_path, memory="200MB")
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_with_a_sentence(name: str, sandbox: SqlSandbox, store_path: Path):
    secret_frame = "not a table"
    before = store_path.read_bytes(), sorted(store_path.parent.iterdir())
    with pytest.raises(UserError) as refused:
        sandbox.run(ATTACKS[name].replace("{folder}", str(store_path.parent)), timeout_s=5)
    assert str(refused.value) and str(store_path) not in str(refused.value) and secret_frame
    assert before == (store_path.read_bytes(), sorted(store_path.parent.iterdir()))
    assert sandbox.run("select count(*) as n from videos").frame["n"].tolist() == [1]


@pytest.mark.parametrize(
    "question",
    [
        "select * from videos",
        "from videos;",
        "with a as (select 1 as x) select * from a -- a remark",
        "values (1), (2)",
        "describe videos",
        "show tables",
        "select 1 as a, 2 as a",
        "select object, relation, count(*) as n from named_relations group by all order by n desc",
        "select count(*) from relations where relation is null",
        "(select 1) union all (select 2)",
        "select table_name from information_schema.tables",
    ],
)
def test_a_question_is_answered(question: str, sandbox: SqlSandbox):
    result = sandbox.run(question)
    assert len(result.frame) and not result.cut and result.seconds >= 0


def test_the_views_have_names(sandbox: SqlSandbox):
    frame = sandbox.run(
        "select distinct object, relation, \"group\" from named_relations where relation = 'holding'"
    ).frame
    assert frame.values.tolist() == [["cup/glass/bottle", "holding", "contact"]]
    actions = sandbox.run("select action_id, start_s, end_s from named_actions order by start_s").frame
    assert actions.values.tolist() == [["c106", 0.0, 1.5], ["c059", 0.5, 1.5], ["c009", 2.5, 3.0]]


def test_too_many_rows_are_cut_and_said(sandbox: SqlSandbox):
    result = sandbox.run("select range as i from range(50) order by i desc", limit_rows=10)
    assert result.cut and result.frame["i"].tolist() == list(range(49, 39, -1))
    assert not sandbox.run("select * from range(10)", limit_rows=10).cut


def test_a_long_query_ends_at_the_time_limit(sandbox: SqlSandbox):
    start = time.perf_counter()
    with pytest.raises(UserError, match=r"longer than 0\.3 s"):
        sandbox.run("select sum(a.range * b.range) from range(10000000) a, range(10000000) b", timeout_s=0.3)
    assert time.perf_counter() - start < 3
    assert sandbox.run("select 1 as one").frame["one"].tolist() == [1]


def test_a_query_can_be_stopped(sandbox: SqlSandbox):
    threading.Timer(0.3, sandbox.interrupt).start()
    with pytest.raises(UserError, match="was stopped"):
        sandbox.run("select sum(a.range * b.range) from range(10000000) a, range(10000000) b", timeout_s=20)


def test_an_error_is_duckdbs_own_with_the_users_line(sandbox: SqlSandbox):
    with pytest.raises(UserError, match=r"(?s)no_such_column.*LINE 2:"):
        sandbox.run("select video_id,\n  no_such_column\nfrom videos")
    with pytest.raises(UserError, match="syntax error"):
        sandbox.run("selct 1")


def test_store_and_sandbox_share_the_file(sandbox: SqlSandbox, store_path: Path):
    with AnnotationStore(store_path) as store:
        assert len(store.videos()) == len(sandbox.run("select * from videos").frame)


def test_the_schema_lists_tables_then_views(sandbox: SqlSandbox):
    schema = sandbox.schema()
    assert ("video_id", "varchar") in schema["videos"]
    assert list(schema).index("relations") < list(schema).index("named_actions")


def test_runs_at_the_same_time_do_not_disturb_one_another(sandbox: SqlSandbox):
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


def test_a_missing_store_is_said(tmp_path: Path):
    with pytest.raises(UserError, match="is not there"):
        SqlSandbox(tmp_path / "none.duckdb")
