"""Charts: tables and intervals as pictures with data to download."""
