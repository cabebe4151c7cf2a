"""Writes the tables of README and docs anew: `python tools/tables.py`; a test holds them.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`: "results", "two-cores" and
"headlines" from results.toml and reference/, "variables" from coursekit/config.py.
"""

import re

from coursekit import config, files, results

PAGES = (
    "README.md",
    *(f"docs/{path.name}" for path in sorted((config.ROOT / "docs").glob("*.md"))),
)
MARKED = re.compile(r"(<!-- table: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def variables() -> str:
    """The environment variables of coursekit in Markdown."""
    lines = ((f"`{variable}`", variable.meaning) for variable in config.Variable)
    return results.markdown(("variable", "what it is for"), lines)


def filled(text: str) -> str:
    """A page with its marked tables as they should be. KeyError on a table that nobody makes."""
    made = {
        "results": lambda: results.table("results"),
        "headlines": results.headlines,
        "two-cores": lambda: results.table("two-cores"),
        "variables": variables,
    }
    return MARKED.sub(lambda match: f"{match[1]}\n{made[match[2]]()}\n\n{match[4]}", text)


def main() -> None:
    """Write the tables into the pages."""
    for page in PAGES:
        path = config.ROOT / page
        text = path.read_text(encoding="utf-8")
        if (new := filled(text)) != text:
            files.write_text(path, new)
            print(f"{page}: written")


if __name__ == "__main__":
    main()
