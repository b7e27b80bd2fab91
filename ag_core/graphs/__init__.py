"""Scene graphs as files for other programs: networks with times, exchange formats, pictures and a page."""
