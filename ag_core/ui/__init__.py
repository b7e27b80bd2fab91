"""What the pages share: frame, caches, charts, widgets and the player. The only package that knows Streamlit."""
