"""How the bytes of a video reach the browser: through Streamlit's media manager, over HTTP with byte ranges.

The media manager is an internal part of Streamlit, so this is the only place that touches it. It holds the file in
memory and forgets it when a run of the script no longer asks for it: call `serve_video` in every run that shows the
video, also in runs of a fragment. It knows nothing of annotations.
"""

import mimetypes
from pathlib import Path

from streamlit import runtime

from ag_core.errors import UserError


def serve_video(path: Path | str) -> str:
    """The URL, on this server, of the video at `path`; empty outside a running app. UserError where it is missing."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"the video file {path.name} is missing; put it back or choose another video")
    if not runtime.exists():
        return ""
    mimetype = mimetypes.guess_type(path.name)[0] or "video/mp4"
    return runtime.get_instance().media_file_mgr.add(str(path), mimetype, f"video:{path}")
