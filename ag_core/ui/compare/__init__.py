"""Questions to a model of graphs on page Compare."""
