"""Weights of a person's own on page Run: choose them for a prediction, bring them in, remove them, bring them back."""

import streamlit as st

from ag_core.errors import UserError
from ag_core.jobs.process import run_command
from ag_core.results import own_weights, uploads
from ag_core.results.own_weights import KINDS, OwnWeights
from ag_core.ui.formatting import escape_markdown, format_sentence
from ag_core.ui.page import check_link, show_failure

ENDINGS = ("safetensors", "pt", "pth", "onnx")
REMOVING = "own_weights_removing"
MAX_CHECK_S = 120


def pick_own_weights() -> list[str]:
    """The names of own weights that take the place of shipped ones, and how to bring some."""
    usable = {own.name: own for own in own_weights.list_own_weights() if _may_predict(own)}
    chosen: list[str] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        check_link("run_own", [own.label for own in usable.values()], "weights of your own")
        if usable:
            chosen = st.multiselect(
                "Your own weights",
                list(usable),
                format_func=lambda name: usable[name].label,
                key="run_own",
                bind="query-params",
                help="In the place of the shipped weights of the same model. A relation head that learned on the "
                "features of another detector needs that detector beside it.",
            )
        with st.popover("Bring your own weights", icon=":material/upload_file:", key="run_own_weights"):
            show_own_weights()
    return chosen


def _may_predict(own: OwnWeights) -> bool:
    try:
        own_weights.check_predicting(own)
    except UserError:
        return False
    return True


def show_own_weights() -> None:
    """What is registered, each with a way to remove it, and a form for another file."""
    for own in own_weights.list_own_weights():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(own.label)}** :gray[{escape_markdown(own.file)}]", width="stretch")
            if st.session_state.get(REMOVING) == own.name:
                st.button("Remove it", type="primary", key=f"own_yes_{own.name}", on_click=_remove, args=(own.name,))
                st.button("Keep it", key=f"own_no_{own.name}", on_click=_ask, args=(None,))
            else:
                st.button("Remove", key=f"own_remove_{own.name}", on_click=_ask, args=(own.name,))
    if removed := own_weights.list_removed():
        label = f"Bring back {escape_markdown(removed[0].name)}"
        st.button(label, icon=":material/undo:", type="tertiary", key="own_undo", on_click=_undo)
    kind = st.selectbox("Another file holds a", list(KINDS), format_func=own_weights.describe_family, key="own_kind")
    with st.form("own_add", border=False, enter_to_submit=False):
        handed_in = st.file_uploader("The file", ENDINGS, key="own_file")
        name = st.text_input("Its name", max_chars=own_weights.MAX_NAME, key="own_name")
        known = {"": "as the file says", **{entry.id: entry.label for entry in KINDS[kind].values()}}
        model = st.selectbox("Its model", list(known), format_func=known.__getitem__, key=f"own_model_{kind}")
        if st.form_submit_button("Check and keep", icon=":material/check:") and handed_in is not None:
            try:
                path = uploads.save_upload(handed_in.name, handed_in.getbuffer())
                st.success(escape_markdown(format_sentence(add_weights(str(path), kind, name, model))))
            except UserError as error:
                show_failure(error)


def add_weights(path: str, kind: str, name: str, model: str) -> str:
    """Have a process check a file and keep it, since that needs the networks; what it said. UserError if it refused."""
    own_weights.check_name(name)
    options = ["weights", "add", path, "--as", kind, "--name", name, *(["--model", model] if model else [])]
    return run_command(*options, timeout_s=MAX_CHECK_S).partition(";")[0]


def _ask(name: str | None) -> None:
    st.session_state[REMOVING] = name


def _remove(name: str) -> None:
    own_weights.remove_weights(name)
    st.session_state["run_own"] = [other for other in st.session_state.get("run_own", []) if other != name]
    st.session_state[REMOVING] = None


def _undo() -> None:
    own_weights.undo_removal()
