"""What the pages share: frame, caches, pickers, charts and the player. The only package that knows Streamlit."""
