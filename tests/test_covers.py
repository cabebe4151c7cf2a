"""The README's picture shows the best pictures that the notebooks hold today."""

import importlib.util

from PIL import Image

from coursekit import config

spec = importlib.util.spec_from_file_location("covers", config.ROOT / "tools/covers.py")
covers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(covers)


def test_the_picture_is_made_from_the_stored_notebooks():
    """Otherwise: `python tools/covers.py`."""
    assert Image.open(covers.TARGET).info.get(covers.KEY) == covers.checksum()
