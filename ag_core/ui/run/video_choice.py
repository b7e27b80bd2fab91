"""Which video the models shall run on: a film made here, a file of one's own, or one of the data set."""

from pathlib import Path

import streamlit as st

from ag_core.errors import UserError
from ag_core.results import uploads
from ag_core.ui import cached
from ag_core.ui.formatting import escape_markdown
from ag_core.ui.linked import find_linked_film, forget_linked
from ag_core.ui.page import (
    check_link,
)
from ag_core.ui.widgets.pickers import OF_DATA_SET, OWN_FILE


def choose_video() -> Path | None:
    """The video to run on: the film of the link, a file or one of the data set; None while nothing is chosen."""
    if film := find_linked_film():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Film **{escape_markdown(film.video.video_id)}**, made here", width="content")
            st.button("Another video", key="run_no_film", icon=":material/close:", on_click=forget_linked)
        return film.video.path
    known, kinds = list_known_videos(), [OWN_FILE, OF_DATA_SET]
    check_link("run_kind", kinds, "origin of a video")
    kind = st.segmented_control(
        "Video", kinds, default=OWN_FILE, required=True, key="run_kind", bind="query-params", disabled=not known
    )
    if not known:
        st.caption("The open store has no video files, so only a file of your own can be run.")
    if kind == OF_DATA_SET and known:
        check_link("run_video", known, "video")
        return Path(known[st.selectbox("Which", list(known), key="run_video", bind="query-params")])
    handed_in = st.file_uploader(
        f"An mp4, mkv, mov, webm or similar, up to {st.get_option('server.maxUploadSize')} MB",
        list(uploads.UPLOAD_ENDINGS),
        key="run_file",
    )
    return uploads.save_upload(handed_in.name, handed_in.getbuffer()) if handed_in else None


def list_known_videos() -> dict[str, str]:
    """Paths of the data set's videos by id, as far as their files are there; empty where there is no data."""
    try:
        table = cached.load_videos(cached.get_store_key())
    except UserError:
        return {}
    table = table[table["path"].notna()]
    return {row.video_id: row.path for row in table.itertuples() if Path(row.path).is_file()}
