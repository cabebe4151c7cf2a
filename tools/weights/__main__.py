"""Makes shipped weights again: `make weights NAME=faces-vae`, or several names, or none for all.

A run that was stopped goes on from its last epoch. --share 0.02 tries a recipe out.
"""

import argparse
import sys

from clothes import RECIPES as CLOTHES
from digits import RECIPES as DIGITS
from emoji import RECIPES as EMOJI
from faces import RECIPES as FACES
from paintings import RECIPES as PAINTINGS
from recipe import Recipe, make

from coursekit.errors import CourseError, UsageError, nearest

EVERY = (*CLOTHES, *PAINTINGS, *FACES, *DIGITS, *EMOJI)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in EVERY}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make weights", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--share", type=float, default=1.0)
    options = parser.parse_args()
    try:
        for name in options.names or RECIPES:
            if name not in RECIPES:
                raise UsageError(f"unknown weights {name!r}: {nearest(name, RECIPES)}")
            card = make(RECIPES[name], share=options.share)
            print(f"{name}: {card.minutes} min, {dict(card.figures)}")
    except CourseError as error:
        print(f"make: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
