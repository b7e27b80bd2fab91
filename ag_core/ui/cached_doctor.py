"""What the doctor found in the open store, in Streamlit's caches."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pandas as pd
import streamlit as st

from ag_core.doctor.check import Finding
from ag_core.doctor.check_runner import PARTS as DOCTOR_PARTS
from ag_core.doctor.check_runner import count_populations, list_finding_rows, run_check, sort_findings
from ag_core.doctor.funnel import compare_funnel as funnel_beside_published
from ag_core.doctor.report import format_report, make_report
from ag_core.settings import settings
from ag_core.ui import cached

AT_ONCE = 2
"""Checks at a time: most are small questions, of which the database gives each to one core."""


def run_doctor(key: cached.StoreKey, say: Callable[[int, int], None]) -> list[Finding]:
    """The doctor's findings, worst first; `say` hears how many checks are done, and of how many."""
    findings: list[Finding] = []
    _count_populations(key)  # once, before two checks ask for it at a time
    with ThreadPoolExecutor(AT_ONCE) as threads:
        threads.submit(compare_funnel, key)  # which the page shows next
        for done, found in enumerate(threads.map(partial(_run_checks, key), DOCTOR_PARTS)):
            say(done, len(DOCTOR_PARTS))
            findings += found
    say(len(DOCTOR_PARTS), len(DOCTOR_PARTS))
    return sort_findings(findings)


# Whether video files are still there is asked anew from time to time, though the store is the same.
@st.cache_data(max_entries=512, ttl="10m", show_spinner=False)
def _run_checks(key: cached.StoreKey, part: str) -> list[Finding]:
    return run_check(cached.open_store_of(key), part, _count_populations(key))


@st.cache_data(max_entries=8, show_spinner=False)
def _count_populations(key: cached.StoreKey) -> dict[str, int]:
    return count_populations(cached.open_store_of(key))


@st.cache_data(max_entries=8, show_spinner=False)
def compare_funnel(key: cached.StoreKey, small_side: float = 0.0) -> pd.DataFrame:
    """From the release to the frames that count, beside the published numbers."""
    return funnel_beside_published(cached.open_store_of(key), small_side)


@st.cache_data(max_entries=64, show_spinner=False)
def load_finding_rows(key: cached.StoreKey, finding_id: str, limit: int | None, offset: int) -> pd.DataFrame:
    """A page of the rows behind a finding."""
    return list_finding_rows(cached.open_store_of(key), finding_id, limit, offset)


@st.cache_data(max_entries=16, ttl="10m", show_spinner=False)
def make_doctor_report(key: cached.StoreKey, ending: str) -> str:
    """The doctor's report as a file of this ending: json, md or html."""
    findings = run_doctor(key, lambda done, total: None)
    return format_report(make_report(cached.open_store_of(key), settings().store_name, findings), ending)
