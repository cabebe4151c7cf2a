"""Runs lessons: which there are, papermill, several at once, a run's record and reference."""
