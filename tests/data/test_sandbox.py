"""The SQL sandbox answers questions and refuses everything else; the list of attacks grows, it never shrinks."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ag_core.data.building import build_store
from ag_core.data.lake import write_lake
from ag_core.data.sandbox import LIMIT_BYTES, SqlSandbox, Workers
from ag_core.data.sandbox_rules import FUNCTIONS, TABLE_FUNCTIONS
from ag_core.data.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.world.export import write_set
from tests.world.stand_in import stand_in_truth

ENDLESS = "select sum(a.range * b.range) from range(1000000) a, range(1000000) b"

ATTACKS = {
    # Writing
    "insert": "insert into videos select * from videos",
    "insert of a value": "insert into sources values ('a', 'b', 'c')",
    "update": "update videos set split = 'x'",
    "delete": "delete from videos",
    "truncate": "truncate videos",
    "merge": "merge into videos using videos as other on true when matched then delete",
    "insert in a with": "with a as (insert into sources values ('a', 'b', 'c') returning *) select * from a",
    "delete in a with": "with a as (delete from videos returning *) select * from a",
    "update in a with": "with a as (update videos set split = 'x' returning *) select * from a",
    "drop": "drop table videos",
    "drop a view": "drop view named_actions",
    "create": "create table mine as select 1",
    "create or replace": "create or replace view named_actions as select 1",
    "temporary table": "create temp table mine as select 1",
    "macro": "create macro f(x) as x",
    "sequence": "create sequence numbers",
    "type": "create type mood as enum ('a')",
    "schema": "create schema mine",
    "index": "create index i on videos (video_id)",
    "alter": "alter table videos add column x integer",
    "comment on": "comment on table videos is 'mine'",
    "select into": "select * into mine from videos",
    # Files
    "copy out": "copy videos to '{folder}/stolen.csv'",
    "copy a query": "copy (select 1) to '{folder}/stolen.parquet'",
    "copy to the output": "copy (select 1) to '/dev/stdout'",
    "copy in": "copy videos from '/etc/passwd'",
    "export": "export database '{folder}/stolen'",
    "import": "import database '{folder}'",
    "read a file": "select * from read_text('/etc/passwd')",
    "read bytes": "select * from read_blob('/etc/passwd')",
    "read a table of text": "select * from read_csv('/etc/passwd')",
    "read by itself": "select * from read_csv_auto('/etc/passwd')",
    "read json": "select * from read_json('/etc/passwd')",
    "read lines of json": "select * from read_ndjson_objects('/etc/passwd')",
    "read parquet": "select * from read_parquet('{folder}/*.parquet')",
    "read another database": "select * from read_duckdb('{folder}/home.duckdb')",
    "parquet facts": "select * from parquet_metadata('{folder}/a.parquet')",
    "sniff": "select * from sniff_csv('/etc/passwd')",
    "file as a table": "select * from '/etc/passwd'",
    "file with an ending": "select * from '/etc/other.csv'",
    "file in quotes": 'select * from "/etc/passwd"',
    "file without select": "from '/proc/self/environ'",
    "file described": "describe '/etc/passwd'",
    "file summarised": "summarize '/etc/other.parquet'",
    "file in a join": "select * from videos join '/etc/other.csv' using (video_id)",
    "file in a lateral": "select * from videos v, lateral (select * from read_text(v.path))",
    "file in a lambda": "select list_transform(['/etc/passwd'], lambda x: (select content from read_text(x)))",
    "a with named as a file": "with \"/etc/passwd\" as (select 1) select (select count(*) from '/etc/shadow.csv')",
    "list files": "select * from glob('/*')",
    "the store itself": "select * from '{folder}/home.duckdb'",
    "pivot of a file": "pivot '/etc/other.csv' on a in (1) using count(*)",
    # Network
    "an address": "from 'https://example.org/a.csv'",
    "a bucket": "from 's3://bucket/a.parquet'",
    "an address as argument": "select * from read_csv('http://127.0.0.1/a.csv')",
    "another host's share": "from '\\\\host\\share\\a.csv'",
    "install": "install httpfs",
    "force install": "force install httpfs",
    "install from": "install httpfs from 'http://127.0.0.1'",
    "load": "load httpfs",
    "load by path": "load '{folder}/evil.duckdb_extension'",
    "update extensions": "update extensions",
    "a secret": "create secret s (type http, bearer_token 'x')",
    "secrets": "select * from duckdb_secrets()",
    "which secret": "select * from which_secret('s3://a', 's3')",
    # Attaching
    "attach": "attach '{folder}/new.duckdb' as other",
    "attach memory": "attach ':memory:' as other",
    "attach sqlite": "attach '{folder}/a.db' (type sqlite)",
    "detach": "detach store",
    "use": "use memory",
    "another database": "select * from memory.information_schema.tables",
    "past the view, by schema": "select path from main.videos",
    "past the view, by database": "select path from store.main.videos",
    "past the view, by quotes": 'select path from "STORE"."videos"',
    "temporary by name": "select * from temp.main.videos",
    "the system's schema": "select * from system.main.duckdb_databases",
    # Settings and variables
    "set": "set enable_external_access = true",
    "set global": "set global threads = 64",
    "reset": "reset memory_limit",
    "pragma": "pragma database_list",
    "pragma that sets": "pragma memory_limit='100GB'",
    "pragma that profiles": "pragma enable_profiling",
    "set a variable": "set variable a = 1",
    "read a variable": "select getvariable('a')",
    "a setting": "select current_setting('home_directory')",
    "a setting in capitals": "select CURRENT_SETTING('memory_limit')",
    "a setting in quotes": "select \"current_setting\"('memory_limit')",
    "a setting by method": "select 'memory_limit'.current_setting()",
    "a setting in a lambda": "select list_transform(['memory_limit'], lambda x: current_setting(x))",
    "settings": "select * from duckdb_settings()",
    "the environment": "select getenv('HOME')",
    "schema-qualified": "select system.main.current_setting('threads')",
    # What the machine is like
    "pragma as function": "select * from pragma_database_list()",
    "pragma as table": "from pragma_database_list",
    "quoted table": 'select * from "PRAGMA_database_list"',
    "unicode name": 'select * from U&"pragma_database\\005flist"',
    "databases and their files": "select path from duckdb_databases()",
    "in a subquery": "select (select max(path) from duckdb_databases())",
    "in a common table": "with a as (select * from duckdb_settings()) select * from a",
    "a with that hides": "with a as (from pragma_database_list), pragma_database_list as (select 1) select * from a",
    "a with elsewhere": "select (with duckdb_databases as (select 1) select 1), * from duckdb_databases",
    "in the order": "select 1 order by (select count(*) from duckdb_logs())",
    "in the limit": "select 1 limit (select count(*) from duckdb_memory())",
    "in a window": "select count(*) over (order by (select max(path) from duckdb_databases())) from videos",
    "in a set operation": "select 1 union all select count(*) from duckdb_connection_count()",
    "of postgres": "select * from pg_catalog.pg_settings",
    "of sqlite": "select * from sqlite_master",
    "show databases": "show databases",
    "show everything": "show all tables",
    "show variables": "select * from (show variables)",
    "temporary files": "select * from duckdb_temporary_files()",
    "the store's blocks": "select * from pragma_storage_info('videos')",
    "write the log": "select write_log('hello')",
    "what is being asked": "select current_query()",
    # Text as a query, memory as a table
    "text as a query": "select * from query('select * from duckdb_databases()')",
    "text as a table": "select * from query_table('duckdb_databases')",
    "a macro over a table": "select * from histogram_values('pragma_database_list', name)",
    "serialised query": "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "serialised pragma": "pragma json_execute_serialized_sql('{}')",
    "an address in memory": "select * from arrow_scan(1, 2, 3)",
    "another address": "select * from arrow_scan_dumb(1, 2, 3)",
    "a frame by address": "select * from pandas_scan(140000000)",
    "a function of Python": "select * from python_map_function(1, 2)",
    "variables of the program": "select * from secret_frame",
    "a sequence": "select nextval('numbers')",
    # Other statements, several statements
    "set in the middle": "select 1; set lock_configuration = false; select 2",
    "two statements": "select 1; select 2",
    "after a remark": "select 1; -- harmless\nattach ':memory:' as other",
    "in a remark that ends": "select 1 /* /* */ */ ; drop table videos",
    "after a dollar quote": "select $$;$$; drop table videos",
    "nothing": "",
    "a remark": "-- nothing",
    "only semicolons": ";;;",
    "closing the wrapper": "select 1) limit 1; drop table videos; --",
    "closing the wrapper in one": "select 1) as answer(c0) union all (select 2",
    "call": "call pragma_version()",
    "call a range": "call range(3)",
    "explain": "explain select 1",
    "explain analyze": "explain analyze select 1",
    "checkpoint": "checkpoint",
    "force checkpoint": "select * from force_checkpoint()",
    "vacuum": "vacuum analyze",
    "prepare": "prepare p as select 1",
    "execute": "execute p",
    "transaction": "begin",
    "commit": "commit",
    "pivot in several statements": "pivot videos on split using count(*)",
    "a parameter": "select ?",
    "a named parameter": "select $secret",
    "an older version": "from videos at (version => 1)",
    "typographic quotes": "select * from read_text(‘/etc/passwd’)",
    "a null byte": "select '\0'; drop table videos",
    # Exhaustion
    "over the memory": "select max(a) from (select repeat('x', 1000) || range as a from range(20000000) order by a)",
    "a product without end": "select sum(a.range * b.range) from range(1000000) a, range(1000000) b",
    "recursion without end": "with recursive a as (select 1 as i union all select i + 1 from a) select count(*) from a",
    "doubling": "with recursive a as (select 'x' as i union all select i || i from a) select max(length(i)) from a",
    "a giant text": "select repeat('x', 3000000000)",
    "a giant cell": "select repeat('x', 150000000) as cell",
    "a padding that does not listen": "select length(lpad('x', 2000000000, 'y'))",
    "a giant list": "select len(range(2000000000))",
    "a list that does not listen": "select list_distinct(range(50000000))",
    "microseconds of two centuries": "select len(generate_series(timestamp '1900-01-01', now(), to_microseconds(1)))",
    "all pairs of letters": "select levenshtein(repeat('a', 200000), repeat('b', 200000))",
    "a table of letters": "select damerau_levenshtein(repeat('a', 30000), repeat('b', 30000))",
    "a wide format": "select length(printf('%1500000000d', 1))",
    "a wide string of bits": "select bit_length(bitstring('0', 2000000000))",
    "all rows in a list": "select array_agg(range) from range(1000000000)",
    "all rows in a text": "select length(string_agg('xxxxxxxxxxxx')) from range(200000000)",
    "a sort without memory": "select range from range(1000000000) order by random()",
    "two hundred products": "select * from " + ", ".join(["(values (1), (2))"] * 200),
    "deep brackets": "select " + "(" * 9000 + "1" + ")" * 9000,
    "deep lists": "select " + "[" * 9000 + "]" * 9000,
    "deep queries": "select * from (" * 800 + "select 1" + ")" * 800,
    "a long text": "select " + "1 + " * 10_000 + "1",
    "nine thousand columns": "select " + ", ".join("1" * 6000),
    "columns by joining": "select * from " + ", ".join(f"videos v{n}" for n in range(60)),
    "a thousand unions": " union all ".join(["select 1"] * 1400),
    "sleep": "select sleep_ms(100000)",
    "sleep as postgres does": "select pg_sleep(100000)",
}


QUESTIONS = [
    "select * from videos",
    "from videos;",
    "table videos",
    "with a as (select 1 as x) select * from a -- a remark",
    "with first as (from videos), last as (from first) select count(*) from last",
    "with recursive a as (select 1 as i union all select i + 1 from a where i < 9) select * from a",
    "values (1), (2)",
    "describe videos",
    "describe select 1 as a",
    "summarize videos",
    "show tables",
    "select 1 as a, 2 as a, 3 as a_1",
    "select object, relation, count(*) as n from named_relations group by all order by n desc",
    "select count(*) from relations where relation is null",
    "(select 1) union all (select 2)",
    "(select 1 as a) union all by name (select 2 as b)",
    "select table_name from information_schema.tables where table_catalog = 'store'",
    "select column_name from information_schema.columns limit 5",
    "select * from videos join sources using (source)",
    "select path from videos where not contains(path, '/') or path is null",
    "select * exclude (path) replace (upper(video_id) as video_id) from videos",
    "select columns('x[12]|y[12]') from named_objects",
    "select video_id, row_number() over (partition by video_id order by frame) as k from named_objects qualify k = 1",
    "select avg(x2 - x1) over w from named_objects window w as (order by frame rows 1 preceding)",
    "select object, quantile_cont(x2 - x1, [0.25, 0.5]) as q, histogram(frame) from named_objects group by object",
    "select object, list(distinct relation order by relation) as what from named_relations group by object",
    "select list_transform([1, 2, 3], lambda x: x * 2), [x + 1 for x in [1, 2] if x > 1]",
    "select unnest(range(3)) as i, {'a': 1, 'b': [2, 3]} as s, map {'k': 1} as m",
    "select s.a, l[1], m['k'] from (select {'a': 1} as s, [1] as l, map {'k': 2} as m)",
    "select bit_count(relation_mask), (relation_mask >> 3) & 1 as third from objects",
    "select relation, count(*) filter (frame > 3) as late from named_relations group by rollup (relation)",
    "select * from (from named_objects) pivot (count(*) for object in ('cup/glass/bottle', 'person'))",
    "pivot videos on split in ('train', 'test') using count(*)",
    "unpivot (select 1 as a, 2 as b) on a, b",
    "from videos tablesample 100%",
    "from named_actions a asof join named_objects b on a.video_id = b.video_id and start_s <= time_s select count(*)",
    "select regexp_extract(action, '[A-Za-z]+'), action ilike '%cup%', action similar to '.*' from named_actions",
    "select strftime(to_milliseconds(end_ms) + date '2020-01-01', '%M:%S.%g') from action_intervals",
    "select extract(hour from timestamp '2020-01-01 10:00:00'), date_trunc('day', now()), current_date",
    "select case when try_cast('x' as integer) is null then 'no' else 'yes' end, 'a' || 1::varchar, 5 // 2, 5 % 2",
    "select exists (from videos), 1 in (1, 2), 3 between 1 and 4, coalesce(null, 1), not true, interval 3 day",
    "select 'b' collate nocase = 'B', 'ab'::blob, '101'::bit, 'x'::enum ('x'), 1.5::decimal(4, 2), uuid(), null as n",
    "select json_extract_string('{\"a\": [1]}', '$.a[0]'), to_json({'a': 1}), '{}'::json as j",
    "select random() < 2, greatest(1, 2), corr(range, range), stddev(range), arg_max(range, range) from range(9)",
    "select distinct on (object) object, frame from named_objects order by object, frame",
    "select grouping(object), object, count(*) from named_objects group by grouping sets ((object), ())",
    "from named_objects select object, x1 where visible order by all limit 5 offset 0",
    "select * from named_objects a positional join named_objects b limit 1",
    "select \"group\", string_agg(name, ', ' order by relation) from relation_classes group by all",
    "select i: 3, j: 'x'",
    "select $$it's$$, e'a\\nb', 0x1F, 1e3, 1_000",
]


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


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_with_a_sentence(name: str, sandbox: SqlSandbox, store_path: Path):
    secret_frame = "hidden words"
    before = store_path.read_bytes(), sorted(store_path.parent.iterdir())
    with pytest.raises(UserError) as refused:
        sandbox.run(ATTACKS[name].replace("{folder}", str(store_path.parent)), timeout_s=0.5)
    said = str(refused.value)
    assert len(said) > 10 and str(store_path.parent) not in said and secret_frame not in said and "root:" not in said
    assert "Traceback" not in said and "sandbox_worker" not in said
    assert before == (store_path.read_bytes(), sorted(store_path.parent.iterdir()))
    assert sandbox.run("select count(*) as n from videos").frame["n"].tolist() == [1]


def test_the_list_of_attacks_is_long():
    assert len(ATTACKS) >= 150


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered(question: str, sandbox: SqlSandbox):
    result = sandbox.run(question)
    assert len(result.frame) and not result.cut and result.seconds >= 0
    assert result.frame.columns.is_unique


def of_duckdb(query: str) -> list[str]:
    with duckdb.connect(":memory:") as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def test_every_other_table_function_of_duckdb_is_shut(sandbox: SqlSandbox):
    kinds = "('table', 'table_macro', 'pragma')"
    names = of_duckdb(f"select distinct function_name from duckdb_functions() where function_type in {kinds}")
    assert len(names) > 100
    for name in set(names) - TABLE_FUNCTIONS:
        for attack in (f'from "{name}"()', f'from "{name}"', f'select "{name}"() where false', f"pragma {name}"):
            if attack.startswith("select") and name in FUNCTIONS:
                continue
            with pytest.raises(UserError, match=r"not allowed|not a table|syntax error"):
                sandbox.run(attack)


def test_every_view_of_duckdb_itself_is_shut(sandbox: SqlSandbox):
    names = of_duckdb("select distinct schema_name || '.' || view_name from duckdb_views() where internal")
    assert len(names) > 40
    for name in set(names) - {"information_schema.tables", "information_schema.columns"}:
        for attack in (f"from {name}", f"from system.{name}", f"describe {name}", f"summarize {name}"):
            with pytest.raises(UserError, match=r"not a table|by its name alone"):
                sandbox.run(attack)


def test_every_allowed_function_exists():
    written_otherwise = {"coalesce", "ifnull", "current_timestamp"}  # the parser's own
    names = set(of_duckdb("select distinct lower(function_name) from duckdb_functions()"))
    assert not FUNCTIONS - names - written_otherwise
    assert not TABLE_FUNCTIONS - names


def test_no_allowed_function_reaches_out():
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


def test_the_views_have_names(sandbox: SqlSandbox):
    frame = sandbox.run(
        "select distinct object, relation, \"group\" from named_relations where relation = 'holding'"
    ).frame
    assert frame.values.tolist() == [["cup/glass/bottle", "holding", "contact"]]
    actions = sandbox.run("select action_id, start_s, end_s from named_actions order by start_s").frame
    assert actions.values.tolist() == [["c106", 0.0, 1.5], ["c059", 0.5, 1.5], ["c009", 2.5, 3.0]]


def test_values_arrive_as_tables_know_them(sandbox: SqlSandbox):
    frame = sandbox.run(
        "select sum(range)::hugeint as whole, 170141183460469231731687303715884105727 as huge, 1.25 as part,"
        " [1, 2] as l, {'a': 'b'} as s, 'a\\x00'::blob as b, interval 3 day as i, null as n,"
        " 'x'::enum ('x') as e from range(5)"
    ).frame
    assert frame["whole"].dtype == "int64" and frame["whole"][0] == 10
    assert frame["huge"][0] == pytest.approx(1.7e38, rel=0.01) and frame["part"][0] == 1.25
    assert frame.loc[0, ["l", "s", "b", "i", "e"]].tolist() == ["[1,2]", '{"a":"b"}', "a\\x00", "3 days", "x"]
    assert frame["n"].isna().all()


def test_too_many_rows_are_cut_and_said(sandbox: SqlSandbox):
    result = sandbox.run("select range as i from range(50) order by i desc", limit_rows=10)
    assert result.cut == "rows" and result.frame["i"].tolist() == list(range(49, 39, -1))
    assert not sandbox.run("select * from range(10)", limit_rows=10).cut


def test_too_many_bytes_are_cut_and_said(store_path: Path):
    sandbox = SqlSandbox(store_path, memory_mb=500)
    result = sandbox.run("select repeat('x', 50000) as cell from range(5000)")
    assert result.cut == "bytes" and 0 < len(result.frame) * 50_000 <= LIMIT_BYTES
    sandbox.close()


def test_one_giant_cell_is_refused(store_path: Path):
    sandbox = SqlSandbox(store_path, memory_mb=500)
    with pytest.raises(UserError, match=r"over 64 MB|more than 500 MB"):
        sandbox.run("select repeat('x', 100000000) as cell")
    sandbox.close()


@pytest.mark.parametrize("limits", [{"limit_rows": -1}, {"timeout_s": 0}])
def test_limits_below_nothing_are_refused(limits: dict[str, int], sandbox: SqlSandbox):
    with pytest.raises(UserError, match="needs a row limit"):
        sandbox.run("select 1", **limits)


def test_a_long_query_ends_at_the_time_limit(sandbox: SqlSandbox):
    start = time.perf_counter()
    with pytest.raises(UserError, match=r"longer than 0\.3 s"):
        sandbox.run(ENDLESS, timeout_s=0.3)
    assert time.perf_counter() - start < 5
    assert sandbox.run("select 1 as one").frame["one"].tolist() == [1]


def test_a_query_can_be_stopped(sandbox: SqlSandbox):
    threading.Timer(0.3, sandbox.interrupt).start()
    with pytest.raises(UserError, match="was stopped"):
        sandbox.run(ENDLESS, timeout_s=20)


def test_an_error_is_duckdbs_own_with_the_users_line(sandbox: SqlSandbox):
    with pytest.raises(UserError, match=r"(?s)no_such_column.*LINE 2:"):
        sandbox.run("select video_id,\n  no_such_column\nfrom videos")
    with pytest.raises(UserError, match=r"(?s)syntax error.*LINE 1:"):
        sandbox.run("selct 1")
    with pytest.raises(UserError, match=r"(?s)Could not convert.*LINE 2:"):
        sandbox.run("select\n  video_id::integer\nfrom videos")
    with pytest.raises(UserError, match=r"vidoes is not a table of this store; did you mean videos\?"):
        sandbox.run("from vidoes")


def test_folders_of_videos_stay_hidden(tmp_path: Path, store_path: Path):
    copy = tmp_path / "store.duckdb"
    copy.write_bytes(store_path.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update videos set path = '/home/somebody/films/' || video_id || '.mp4'")
    sandbox = SqlSandbox(copy, memory_mb=200)
    assert sandbox.run("select path from videos").frame["path"].tolist() == ["AB1CD.mp4"]
    assert "somebody" not in sandbox.run("from videos").frame.to_csv() + sandbox.first_rows("videos").to_csv()
    assert "somebody" not in sandbox.run("summarize videos").frame.to_csv()
    sandbox.close()


def test_store_and_sandbox_share_the_file(sandbox: SqlSandbox, store_path: Path):
    with AnnotationStore(store_path) as store:
        assert len(store.videos()) == len(sandbox.run("select * from videos").frame)


def test_the_schema_lists_tables_then_views(sandbox: SqlSandbox):
    schema = sandbox.schema()
    assert ("video_id", "varchar") in schema["videos"]
    assert list(schema).index("relations") < list(schema).index("named_actions")


def test_a_lake_is_asked_like_a_file(sandbox: SqlSandbox, store_path: Path, tmp_path: Path):
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


def test_a_runaway_of_one_person_leaves_room_for_another(store_path: Path):
    workers = Workers(store_path, memory_mb=200, most=2)
    mine, other = SqlSandbox(store_path, workers=workers), SqlSandbox(store_path, workers=workers)
    said: list[str] = []

    def run_away() -> None:
        try:
            mine.run(ENDLESS, timeout_s=60)
        except UserError as error:
            said.append(str(error))

    thread = threading.Thread(target=run_away)
    thread.start()
    assert other.run("select count(*) as n from videos").frame["n"].tolist() == [1]
    assert thread.is_alive()
    other.interrupt()
    assert other.run("select 1 as one").frame["one"].tolist() == [1]
    assert thread.is_alive()
    while thread.is_alive():
        mine.interrupt()
        thread.join(0.2)
    assert said == ["the query was stopped"]
    workers.close()


def test_too_many_at_once_are_turned_away(store_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ag_core.data.sandbox.WAIT_S", 0.2)
    workers = Workers(store_path, memory_mb=200, most=1)
    sandbox = SqlSandbox(store_path, workers=workers)
    with workers.one(), pytest.raises(UserError, match=r"1 queries are running.*try again"):
        sandbox.run("select 1")
    assert sandbox.run("select 1 as one").frame["one"].tolist() == [1]
    workers.close()


def test_a_worker_that_dies_is_replaced(store_path: Path):
    workers = Workers(store_path, memory_mb=200)
    sandbox = SqlSandbox(store_path, workers=workers)
    with workers.one() as process:
        number = process.pid
    process.kill()
    process.wait()
    assert sandbox.run("select 1 as one").frame["one"].tolist() == [1]
    with workers.one() as process:
        assert process.pid != number
    workers.close()


def test_a_missing_store_is_said(tmp_path: Path):
    with pytest.raises(UserError, match="is not there"):
        SqlSandbox(tmp_path / "none.duckdb")


def test_a_file_that_is_no_store_is_said(tmp_path: Path):
    (tmp_path / "none.duckdb").write_text("not a store")
    sandbox = SqlSandbox(tmp_path / "none.duckdb")
    with pytest.raises(UserError, match="is no annotation store"):
        sandbox.run("select 1")
    sandbox.close()
