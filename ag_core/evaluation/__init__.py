"""What is measured and how: metrics that carry their protocol, average precision, graph recall, the log of results."""
