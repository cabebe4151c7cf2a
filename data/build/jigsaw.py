"""Put pictures together again from the jigsaw pieces that GCompris cut them into."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, pairwise, product

import numpy as np
from PIL import Image

REACH = 3  # pixels: boards state places in steps of 0.001 of the board, some off by two pixels
LEAST = 100  # pixels that two pieces must share before their agreement counts
ALIKE = (
    12.0  # gray levels: pieces in place differ by what their own compression did, 3 to 9 on average
)
BOARD = re.compile(r'"width"\s*:\s*(\d+),\s*"height"\s*:\s*(\d+)')
PLACE = re.compile(
    r'"pixmapfile"\s*:\s*"([^"]+\.webp)",\s*"x"\s*:\s*"([\d.]+)",\s*"y"\s*:\s*"([\d.]+)"'
)


@dataclass(frozen=True)
class Piece:
    """uint8 (H, W, 3), where it is opaque (H, W), roughly where its top left corner lies."""

    pixels: np.ndarray
    opaque: np.ndarray
    left: float
    top: float


def pieces(files: Mapping[str, bytes], board: str) -> list[Piece]:
    """The pieces that a board's .qml names, at the places it states: centers, as shares of it."""
    qml, home = files[board].decode(), board.rpartition("/board/")[0]
    width, height = (int(number) for number in BOARD.search(qml).groups())
    found = []
    for name, x, y in PLACE.findall(qml):
        rgba = np.asarray(Image.open(io.BytesIO(files[f"{home}/{name}"])).convert("RGBA"))
        left, top = float(x) * width - rgba.shape[1] / 2, float(y) * height - rgba.shape[0] / 2
        found.append(Piece(rgba[..., :3], rgba[..., 3] > 127, left, top))
    if not found or len(found) != qml.count(".webp"):
        raise ValueError(
            f"{board} names {qml.count('.webp')} pieces, but {len(found)} of them with a place"
        )
    return found


def assembled(parts: Sequence[Piece]) -> np.ndarray:
    """The picture, uint8 (H, W, 3), without a gap; ValueError where the pieces do not fit."""
    if all(part.opaque.all() for part in parts):
        return _edge_to_edge(parts)
    corners = _corners(parts)
    low = corners.min(0)
    high = np.max(
        [corner + part.opaque.shape for corner, part in zip(corners, parts, strict=True)], 0
    )
    count, total = np.zeros((*(high - low), 1)), np.zeros((*(high - low), 3))
    for (top, left), part in zip(corners - low, parts, strict=True):
        here = np.s_[top : top + part.opaque.shape[0], left : left + part.opaque.shape[1]]
        count[here] += part.opaque[..., None]
        total[here] += part.pixels * part.opaque[..., None]
    if not count.all():
        raise ValueError(f"{int((count == 0).sum())} pixels are covered by no piece")
    return np.rint(total / count).astype(np.uint8)  # where two pieces overlap, their mean


def _edge_to_edge(parts: Sequence[Piece]) -> np.ndarray:
    """Rectangles do not overlap: each row from left to right, then the rows below each other."""
    height = max(part.opaque.shape[0] for part in parts)
    row = {id(part): round(part.top / height) for part in parts}
    ordered = sorted(parts, key=lambda part: (row[id(part)], part.left))
    return np.concatenate(
        [_row(list(group)) for _, group in groupby(ordered, key=lambda part: row[id(part)])]
    )


def _row(group: Sequence[Piece]) -> np.ndarray:
    """Pieces side by side, cut to the lines that all have: some are a line higher than others."""
    tops = [0]
    for left, right in pairwise(group):
        here, there = left.pixels[REACH:-REACH, -1].astype(int), right.pixels[:, 0]
        jumps = {
            move: np.abs(here - there[REACH - move :][: len(here)]).mean() for move in (0, -1, 1)
        }
        tops.append(tops[-1] + min(jumps, key=jumps.get))
    first, last = (
        max(tops),
        min(top + len(part.pixels) for top, part in zip(tops, group, strict=True)),
    )
    return np.concatenate(
        [part.pixels[first - top : last - top] for top, part in zip(tops, group, strict=True)], 1
    )


def _corners(parts: Sequence[Piece]) -> np.ndarray:
    """Top left corners (N, 2) in whole pixels: where pieces overlap they show the same."""
    steps = {}
    for a, b in combinations(range(len(parts)), 2):
        steps.update(_step(parts, a, b))
    placed = {0: np.zeros(2, int)}
    while len(placed) < len(
        parts
    ):  # the surest pair goes first: in a plain sky many steps look right
        ways = [
            (sure, a, b) for (a, b), (sure, _) in steps.items() if (a in placed) != (b in placed)
        ]
        if not ways:
            raise ValueError(f"only {len(placed)} of {len(parts)} pieces overlap")
        _, a, b = max(ways)
        step = np.array(steps[a, b][1])
        placed.update({b: placed[a] + step} if a in placed else {a: placed[b] - step})
    _hold_to_each_other(parts, placed)
    return np.array([placed[index] for index in range(len(parts))])


def _step(
    parts: Sequence[Piece], a: int, b: int
) -> dict[tuple[int, int], tuple[float, tuple[int, int]]]:
    """{(a, b): (how sure, (dy, dx) from a's corner to b's)}; empty where the two do not overlap."""
    stated = parts[b].top - parts[a].top, parts[b].left - parts[a].left
    scores = {}
    for dy, dx in product(
        *([round(place) + more for more in range(-REACH, REACH + 1)] for place in stated)
    ):
        away = abs(dy - stated[0]) + abs(
            dx - stated[1]
        )  # one pixel away weighs as much as one gray level
        scores[dy, dx] = _difference(parts[a], parts[b], dy, dx) + away
    (best, step), (second, _) = sorted((score, step) for step, score in scores.items())[:2]
    return {(a, b): (second - best, step)} if second < np.inf else {}


def _difference(a: Piece, b: Piece, dy: int, dx: int) -> float:
    """Mean gray levels between two pieces where both are opaque; infinite if apart.

    b's corner lies (dy, dx) from a's.
    """
    (height, width), (rows, columns) = a.opaque.shape, b.opaque.shape
    top, bottom, left, right = (
        max(0, dy),
        min(height, dy + rows),
        max(0, dx),
        min(width, dx + columns),
    )
    if bottom <= top or right <= left:
        return np.inf
    here, there = (
        np.s_[top:bottom, left:right],
        np.s_[top - dy : bottom - dy, left - dx : right - dx],
    )
    both = a.opaque[here] & b.opaque[there]
    if both.sum() < LEAST:
        return np.inf
    return float(np.abs(a.pixels[here][both].astype(int) - b.pixels[there][both]).mean())


def _hold_to_each_other(parts: Sequence[Piece], placed: Mapping[int, np.ndarray]) -> None:
    """Stop unless all pairs of pieces agree, also those that were not needed to place them."""
    for a, b in combinations(range(len(parts)), 2):
        difference = _difference(parts[a], parts[b], *(placed[b] - placed[a]))
        if ALIKE < difference < np.inf:
            raise ValueError(
                f"piece {a} and piece {b} differ by {difference:.1f} gray levels where they overlap"
            )
