"""Tables that fit a page: columns in proportion to what they hold, and in several parts where one
page is too narrow.
"""

from coursekit.reports import nodes
from coursekit.reports.nodes import Node

WIDE = 86  # letters that fit a line of a table
CROWDED = 1.3 * WIDE  # what fits with words broken
WORD = 24  # letters of a word above which it may be broken


def fitted(table: Node) -> list[Node]:
    """A table as one that fits the page, or as several, each with the first column.

    A table whose cells span columns cannot be parted; it stays as wide as it is.
    """
    lengths, longest = _letters(table)
    if sum(lengths) + 3 * len(lengths) <= WIDE:
        return [table]
    least = [min(word, WORD) + 3 for word in longest]
    if sum(least) <= CROWDED:
        return [_sized(table, lengths, longest)]
    if not _is_regular(table):
        return [table]
    return [
        _sized(_part(table, group, number), *_letters(_part(table, group, number)))
        for number, group in enumerate(_groups(least))
    ]


def is_too_wide(table: Node) -> bool:
    """Whether a table that could not be parted has more words in a row than a line holds."""
    words = sum(min(word, WORD) + 3 for word in _letters(table)[1])
    return words > CROWDED and not _is_regular(table)


def _letters(table: Node) -> tuple[list[int], list[int]]:
    """Letters of the longest cell of each column, and of its longest word."""
    count = len(table["c"][2])
    lengths, longest = [1] * count, [1] * count
    for _, cells in nodes.rows(table):
        for index, cell in enumerate(cells if len(cells) == count else []):
            text = nodes.text_of(cell[4]).strip()
            lengths[index] = max(lengths[index], len(text))
            longest[index] = max(longest[index], *(len(word) for word in text.split() or [""]))
    return lengths, longest


def _sized(table: Node, lengths: list[int], longest: list[int]) -> Node:
    if sum(lengths) + 3 * len(lengths) <= WIDE:
        return table
    damped = [min(length, 60) ** 0.7 for length in lengths]
    shares = [
        max(length / sum(damped), min(word + 3, WORD) / WIDE)
        for length, word in zip(damped, longest, strict=True)
    ]
    columns = [
        [align, nodes.node("ColWidth", share / sum(shares))]
        for (align, _), share in zip(table["c"][2], shares, strict=True)
    ]
    return nodes.node("Table", *table["c"][:2], columns, *table["c"][3:])


def _is_regular(table: Node) -> bool:
    count = len(table["c"][2])
    rows = [cells for _, cells in nodes.rows(table)]
    return all(len(cells) == count and all(c[2:4] == [1, 1] for c in cells) for cells in rows)


def _groups(least: list[int]) -> list[list[int]]:
    """Indices of the columns of each part; the first column is in all."""
    groups: list[list[int]] = [[0]]
    room = WIDE - least[0]
    for index, width in enumerate(least[1:], 1):
        if width > room and len(groups[-1]) > 1:
            groups.append([0])
            room = WIDE - least[0]
        groups[-1].append(index)
        room -= width
    return groups


def _part(table: Node, group: list[int], number: int) -> Node:
    """Some columns of a table; the caption stands above the first part, the rest say which columns
    they are.
    """
    attributes, caption, columns, head, bodies, foot = table["c"]
    if number:
        text = f"Continued: columns {group[1] + 1} to {group[-1] + 1} of {len(columns)}."
        attributes, caption = (
            nodes.NO,
            [None, [nodes.plain([nodes.node("Emph", nodes.words(text))])]],
        )
    kept = [[body[0], min(body[1], 1), _of(body[2], group), _of(body[3], group)] for body in bodies]
    parts = [head[0], _of(head[1], group)], kept, [foot[0], _of(foot[1], group)]
    return nodes.node("Table", attributes, caption, [columns[i] for i in group], *parts)


def _of(rows: list, group: list[int]) -> list:
    return [[attributes, [cells[index] for index in group]] for attributes, cells in rows]
