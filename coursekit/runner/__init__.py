"""Runs lessons: which there are, papermill, several at once, the record of a run, and its reference."""
