"""What a stranger's SELECT may name: statement forms, tables and functions, each allowed one by one.

Works on the tree that DuckDB's own parser gives (`json_serialize_sql`); whatever is not on a list here is refused, so
a new function of a new DuckDB is shut until somebody decides about it. Knows no database and runs nothing.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

QUERY_FORMS = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
"""A `with` may hold INSERT, UPDATE and DELETE, which are nodes of their own; they are not here."""

TABLE_FORMS = frozenset("BASE_TABLE EMPTY EXPRESSION_LIST JOIN PIVOT SHOW_REF SUBQUERY TABLE_FUNCTION".split())
MODIFIERS = frozenset(
    "ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING".split()
)
EXPRESSIONS = frozenset(
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA LAMBDA_REF OPERATOR"
    " POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW".split()
)

TABLE_FUNCTIONS = frozenset("range generate_series unnest json_each json_tree".split())

FUNCTIONS = frozenset(
    """
    abs acos acosh add asin asinh atan atan2 atanh bin bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp
    factorial fdiv floor fmod gamma gcd greatest greatest_common_divisor hex isfinite isinf isnan lcm least
    least_common_multiple lgamma ln log log10 log2 mod multiply nextafter pi pow power radians random round
    round_even roundbankers set_bit sign signbit sin sinh sqrt subtract tan tanh trunc to_base to_binary to_hex unbin
    unhex xor get_bit bit_length bitstring bit_position if ifnull nullif coalesce typeof get_type
    constant_or_null can_cast_implicitly cast_to_type switch alias hash md5 md5_number sha1 sha256 uuid
    gen_random_uuid uuidv4 uuidv7

    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last
    arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg bool_and
    bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean geometric_mean
    group_concat histogram histogram_exact kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by mean median
    min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev stddev_pop stddev_samp string_agg sum
    sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg is_histogram_other_bin equi_width_bins bar
    cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number

    array_to_string ascii base64 char_length character_length chr concat concat_ws contains damerau_levenshtein
    editdist3 ends_with format formatreadablesize formatreadabledecimalsize format_bytes from_base64 hamming
    ilike_escape instr jaccard jaro_similarity jaro_winkler_similarity lcase left left_grapheme len length
    length_grapheme levenshtein like_escape lower lpad ltrim mismatches nfc_normalize not_ilike_escape not_like_escape
    octet_length ord overlay position prefix printf quarter regexp_escape regexp_extract regexp_extract_all
    regexp_full_match regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right right_grapheme
    rpad rtrim split split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array
    strip_accents strlen strpos substr substring substring_grapheme suffix to_base64 translate trim ucase unicode upper
    url_decode url_encode encode decode

    age century current_date current_localtime current_localtimestamp current_timestamp date_add date_diff date_part
    date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month
    decade epoch epoch_ms epoch_ns epoch_us era get_current_time get_current_timestamp hour isodow isoyear julian
    last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz microsecond
    millennium millisecond minute month monthname nanosecond now second strftime strptime time_bucket timezone
    timezone_hour timezone_minute to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds
    to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today transaction_timestamp try_strptime
    week weekday weekofyear year yearweek normalized_interval ago

    aggregate apply array_aggr array_aggregate array_append array_apply array_cat array_concat array_contains
    array_cosine_distance array_cosine_similarity array_cross_product array_distance array_distinct array_dot_product
    array_extract array_filter array_grade_up array_has array_has_all array_has_any array_indexof array_inner_product
    array_intersect array_length array_negative_dot_product array_negative_inner_product array_pop_back array_pop_front
    array_position array_prepend array_push_back array_push_front array_reduce array_resize array_reverse
    array_reverse_sort array_select array_slice array_sort array_transform array_unique array_value array_where
    array_zip filter flatten generate_series generate_subscripts grade_up list_aggr list_aggregate list_any_value
    list_append list_apply list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor list_bool_and
    list_bool_or list_cat list_concat list_contains list_cosine_distance list_cosine_similarity list_count
    list_distance list_distinct list_dot_product list_element list_entropy list_extract list_filter list_first
    list_grade_up list_has list_has_all list_has_any list_histogram list_indexof list_inner_product list_intersect
    list_kurtosis list_kurtosis_pop list_last list_mad list_max list_median list_min list_mode
    list_negative_dot_product list_negative_inner_product list_pack list_position list_prepend list_product list_reduce
    list_resize list_reverse list_reverse_sort list_select list_sem list_skewness list_slice list_sort list_stddev_pop
    list_stddev_samp list_string_agg list_sum list_transform list_unique list_value list_var_pop list_var_samp
    list_where list_zip range reduce unnest unpivot_list

    cardinality element_at map map_concat map_contains map_contains_entry map_contains_value map_entries map_extract
    map_extract_value map_from_entries map_keys map_values row struct_concat struct_contains struct_extract
    struct_extract_at struct_has struct_indexof struct_insert struct_keys struct_pack struct_position struct_update
    struct_values union_extract union_tag union_value enum_code enum_first enum_last enum_range enum_range_boundary
    array_to_json from_json json json_array json_array_length json_contains json_exists json_extract json_extract_path
    json_extract_path_text json_extract_string json_group_array json_group_object json_group_structure json_keys
    json_merge_patch json_object json_pretty json_quote json_structure json_transform json_type json_valid json_value
    row_to_json to_json
    """.split()
)
"""Functions that only reckon with what they are given. Left out: all that read files, settings, variables or the
catalogue, run text as SQL, count on a sequence, sleep, write a log, or serve the engine inside."""

SHOWN = frozenset({"tables"})
"""`show tables` and `describe x` are questions about the schema; `show databases` and others are about the machine."""

DESCRIPTIONS = {"information_schema": frozenset({"tables", "columns"})}
"""What of the standard's catalogue may be asked: names and types, no paths."""


def find_refusal(tree: Mapping[str, Any], tables: Iterable[str], reserved: Iterable[str]) -> str:
    """Why a parsed statement may not run, in one sentence; empty where it may.

    tables    names of the store's tables and views
    reserved  names that the database itself knows; a `with` may not take one, for where its own name is out of sight
              the database's would answer
    """
    known, taken = {name.lower() for name in tables}, {name.lower() for name in reserved}
    commons = {name.lower() for name in _list_common_tables(tree)}
    for name in sorted(commons & (taken - known)):
        return f"{name} is a name of the database itself; call the common table something else"
    return _find_refusal(tree, known, commons)


def _list_common_tables(node: Any) -> list[str]:
    """The names that the `with` clauses of a tree define."""
    names: list[str] = []
    if isinstance(node, Mapping):
        if isinstance(node.get("cte_map"), Mapping):
            names += [str(entry["key"]) for entry in node["cte_map"]["map"]]
        if isinstance(node.get("cte_name"), str):
            names.append(node["cte_name"])
    for part in _list_parts(node):
        names += _list_common_tables(part)
    return names


def _list_parts(node: Any) -> list[Any]:
    if isinstance(node, Mapping):
        return list(node.values())
    return node if isinstance(node, list) else []


def _find_refusal(node: Any, tables: set[str], commons: set[str]) -> str:
    found = _check_node(node, tables, commons) if isinstance(node, Mapping) else ""
    for part in _list_parts(node):
        found = found or _find_refusal(part, tables, commons)
    return found


def _check_node(node: Mapping[str, Any], tables: set[str], commons: set[str]) -> str:
    """What is wrong with one node of the tree itself."""
    kind, form = node.get("type"), node.get("class")
    if isinstance(form, str):
        if form not in EXPRESSIONS:
            return f"{_format_kind(form)} is not allowed here; write the value itself"
    elif isinstance(kind, str) and kind not in QUERY_FORMS | TABLE_FORMS | MODIFIERS:
        return f"{_format_kind(kind)} is not allowed here; the store is read-only, write one SELECT"
    if kind == "BASE_TABLE":
        return _check_table(node, tables, commons)
    if kind == "SHOW_REF":
        return _check_show(node)
    if kind == "TABLE_FUNCTION":
        name = str(node.get("function", {}).get("function_name", "")).lower()
        return "" if name in TABLE_FUNCTIONS else _describe_unknown_function(name, TABLE_FUNCTIONS)
    name = str(node.get("function_name", "")).lower()
    if name and name not in FUNCTIONS and any(letter.isalnum() or letter == "_" for letter in name):
        return _describe_unknown_function(name, FUNCTIONS)
    if node.get("pivot_enum"):
        return "a PIVOT over a type is not allowed here; list its values: in ('a', 'b')"
    return ""


def _check_table(node: Mapping[str, Any], tables: set[str], commons: set[str]) -> str:
    path = [str(part).lower() for part in node.get("qualified_name", {}).get("path", [])]
    name = str(node.get("table_name", "")).lower()
    if not path or path[-1] != name:
        return "a table needs a plain name; ask the tables and views that are listed"
    if node.get("at_clause"):
        return "AT is not allowed here; the store has one version"
    if len(path) == 1 and name in tables | commons:
        return ""
    if name in tables and path[:-1] in (["main"], ["store"], ["store", "main"]):
        return f"{'.'.join(path)} is asked for by its name alone; write {name}"
    schema = path[-2] if len(path) in (2, 3) else ""
    if name in DESCRIPTIONS.get(schema, ()) and path[:-2] in ([], ["store"]):
        return ""
    near = get_close_matches(name, sorted(tables | commons), 1)
    hint = f"did you mean {near[0]}?" if near else "ask the tables and views that are listed"
    return f"{'.'.join(path)} is not a table of this store; {hint}"


def _check_show(node: Mapping[str, Any]) -> str:
    shown = str(node.get("table_name", "")).strip('"').lower()
    if node.get("show_type") in ("DESCRIBE", "SUMMARY") and node.get("query"):
        return ""
    if node.get("show_type") == "SHOW_SPECIAL" and shown in SHOWN:
        return ""
    return "of the SHOW forms only `show tables` is allowed here; `describe videos` tells of one table"


def _describe_unknown_function(name: str, allowed: frozenset[str]) -> str:
    near = get_close_matches(name, sorted(allowed), 1, cutoff=0.8)
    return f"the function {name} is not allowed here" + (f"; did you mean {near[0]}?" if near else "")


def _format_kind(kind: str) -> str:
    return kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " ")
