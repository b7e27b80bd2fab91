"""Glossary: the words of the app, each in a sentence or two; a link may name one of them."""

import streamlit as st

from ag_core.ui.glossary import TERM, search_terms
from ag_core.ui.glossary_terms import TERMS
from ag_core.ui.html import render_terms
from ag_core.ui.page import check_link, show_page_frame

show_page_frame("Glossary", "The words of this app, each in a sentence or two. A word with dots below it leads here.")
check_link(TERM, TERMS, "word")
asked = TERMS.get(st.query_params.get(TERM, ""))
if asked is not None:
    with st.container(border=True, key="ag_asked_term"):
        st.html(render_terms([asked]))
words = st.text_input("Find a word", key="find", bind="query-params", placeholder="recall", width=320)
found = search_terms(words)
if not found:
    st.caption("No entry has these words. Try another one, or clear the field to see all.")
for section, terms in found.items():
    st.header(section, anchor=False)
    st.html(render_terms(terms))
