"""What stands at the end of a report: settings, data, machine and versions of the run, and the code
where it is asked for.
"""

from collections.abc import Sequence

from coursekit.reports import nodes
from coursekit.reports.metadata import ReportMetadata
from coursekit.reports.nodes import Node

ANCHOR = "appendix"


def appendix(metadata: ReportMetadata, code: Sequence[str]) -> list[Node]:
    """The blocks of the appendix, none where there is nothing to tell."""
    if not metadata.appendix and not code:
        return []
    blocks = [nodes.heading(1, "Appendix", ANCHOR)]
    for title, header, rows in metadata.appendix:
        anchor = f"{ANCHOR}-{title.split()[0].lower()}"
        blocks += [nodes.heading(2, title, anchor), nodes.table(header, rows)]
    if code:
        blocks.append(nodes.heading(2, "Code", f"{ANCHOR}-code"))
        blocks += [nodes.code(source, "python") for source in code]
    return blocks
