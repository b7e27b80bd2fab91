"""Results on disk: predictions, films made to order, uploaded videos."""
