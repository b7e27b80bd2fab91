"""Training of every model from the files of a data set."""
