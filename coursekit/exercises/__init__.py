"""Exercises that check themselves: one module a lesson, each check an oracle with hints."""
