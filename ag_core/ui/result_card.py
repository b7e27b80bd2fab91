"""The card beside a result: what is known of it, in a few sentences, with numbers and names behind them."""

import streamlit as st

from ag_core.results.prediction import Prediction
from ag_core.results.result_card import build_result_card
from ag_core.ui.formatting import escape_markdown


def show_result_card(prediction: Prediction) -> None:
    """What is known of a prediction; what stands behind the sentences opens on demand."""
    card = build_result_card(prediction)
    with st.container(border=True, key="ag_result_card"):
        st.markdown("**What is known of this result**")
        st.markdown("\n".join(f"- {escape_markdown(sentence)}" for sentence in card.list_sentences()))
        with st.expander("Names and measured numbers"):
            for heading, text in card.list_details():
                st.markdown(f"**{escape_markdown(heading)}**: {escape_markdown(text)}")
