"""Runs notebooks and renders them. Knows lessons as files only."""
