"""The page that `benchmarks.player` looks at: a player whose clip shows its own number, with boxes that show theirs.

The query names the clip, how many frames it has, and `surface=two` for boxes on a canvas above the video.
"""

import streamlit as st

from ag_core.records import ActionInterval, Video
from ag_core.ui.player.media import serve_video
from ag_core.ui.player.payload import build_player_data
from ag_core.ui.player.player import show_player
from benchmarks.numbered_boxes import RATE, draw_graph
from benchmarks.recordings import SIZE_WH


def main() -> None:
    """The player alone."""
    frames = int(st.query_params["frames"])
    data = build_player_data(
        Video("NUMBERS", frames / RATE, RATE, *SIZE_WH, frames),
        serve_video(st.query_params["clip"]),
        {"annotation": [draw_graph(number) for number in range(frames)]},
        [ActionInterval("NUMBERS", action, 0.3 * action, 4.0 + action) for action in range(6)],
        one_surface=st.query_params.get("surface") != "two",
    )
    show_player(data, key="player")


if __name__ == "__main__":
    st.set_page_config(page_title="Player", layout="wide")
    st.fragment(main)()
