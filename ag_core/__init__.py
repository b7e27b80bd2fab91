"""Action Genome Explorer: actions as evolving scene graphs, from video files to screens."""

__version__ = "0.2.0"
