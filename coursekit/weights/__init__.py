"""Trained weights that come with the course. `tools/weights` makes them."""

from coursekit.weights.card import CARD, Card, read_card
from coursekit.weights.store import FILE, fill, load, offer, write

__all__ = ["CARD", "FILE", "Card", "fill", "load", "offer", "read_card", "write"]
