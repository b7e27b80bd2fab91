"""One frame of a video as a still picture, or the words that its file is not there."""

import base64

import streamlit as st


def show_still(jpeg: bytes | None, alt: str) -> None:
    """A JPEG as wide as its container, with its description; without one, that there is no video file.

    The picture travels inside its element. Streamlit's media manager would serve it at an address of its own, but
    forgets it when one run of the script is cut short by the next, until that one shows it again. A browser that asks
    in between, as slow ones do, gets nothing and never asks again.
    """
    if jpeg:
        st.image(f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}", width="stretch", alt=alt)
    else:
        st.html('<div class="ag-noposter">no video file</div>')
