"""What the app's configuration must say."""

import tomllib

from ag_core.settings import PROJECT


def test_the_app_watches_no_files() -> None:
    # A flood of file events below the project, as the environment's own files cause, would keep the app from its pages.
    configuration = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert configuration["server"]["fileWatcherType"] == "none"
