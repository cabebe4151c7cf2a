"""The slider over latents: it redraws when moved, and shows nothing where nobody can move it."""

import base64
import io
import re
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
import torch
from PIL import Image

from coursekit import widgets


def decode(z):
    """(1, 3) -> (1, 3, 2, 2): the three numbers as red, green and blue."""
    return z[:, :, None, None].expand(-1, -1, 2, 2) / 6 + 0.5


def color(box):
    """The color and the alternative text of the picture shown."""
    markup = box.children[0].value
    image = Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", markup)[1])))
    return image.convert("RGB").getpixel((0, 0)), re.search(r'alt="([^"]+)"', markup)[1]


def test_moving_a_slider_redraws_the_picture_at_the_new_code():
    box = widgets.slider_box(decode, 3)
    assert color(box) == (
        (128, 128, 128),
        "The picture decoded at z[0] = 0.0, z[1] = 0.0, z[2] = 0.0",
    )
    sliders = box.children[1].children
    sliders[0].value, sliders[2].value = 3.0, -3.0
    assert color(box) == (
        (255, 128, 0),
        "The picture decoded at z[0] = 3.0, z[1] = 0.0, z[2] = -3.0",
    )


def test_sliders_move_the_chosen_dimensions_and_leave_the_others_where_they_began():
    start = torch.tensor([3.0, 0.0, -3.0])
    box = widgets.slider_box(decode, [1], start=start)
    (slider,) = box.children[1].children
    assert slider.description == "z[1]"
    slider.value = 3.0
    assert color(box)[0] == (255, 255, 0) and start.tolist() == [3, 0, -3]


def test_a_browser_can_find_the_parts_by_their_classes():
    box = widgets.slider_box(decode, [0, 1], latent=3)
    assert (
        "ck-latent-slider" in box._dom_classes
        and 'class="ck-latent-picture"' in box.children[0].value
    )
    assert all("ck-latent-value" in slider._dom_classes for slider in box.children[1].children)


def test_a_gray_picture_is_drawn_too_and_enlarged():
    box = widgets.slider_box(lambda z: torch.full((1, 1, 5, 7), 1.5), 1, zoom=3)
    assert color(box)[0] == (255, 255, 255) and 'width="21" height="15"' in box.children[0].value


def test_a_number_has_a_slider_with_its_name_and_a_picture_that_follows_it():
    box = widgets.value_box(
        lambda value: torch.full((1, 2, 2), value), name="gray", low=0, high=1, start=0.25
    )
    slider, shown = box.children
    assert slider.description == "gray" and 'alt="The pictures at gray = 0.25"' in shown.value
    slider.value = 1.0
    assert color(SimpleNamespace(children=[shown])) == (
        (255, 255, 255),
        "The pictures at gray = 1.00",
    )


@pytest.mark.parametrize("dims", [[], [3], [-1]])
def test_dimensions_outside_the_code_are_refused(dims):
    with pytest.raises(ValueError, match="from 0 to 2"):
        widgets.slider_box(decode, dims, start=torch.zeros(3))


@pytest.fixture
def notebook(monkeypatch):
    """As if in a notebook: notebook(**environment) -> widgets.live()."""

    def inside(kernel=True, **environment):
        for name in (
            "COURSEKIT_OUT",
            "COURSEKIT_PROGRESS",
            "PYTEST_VERSION",
            "JPY_SESSION_NAME",
            "VSCODE_PID",
            "VSCODE_CWD",
            "COLAB_RELEASE_TAG",
        ):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        shell = SimpleNamespace(kernel=object()) if kernel else None
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
        return widgets.live()

    return inside


def test_a_notebook_is_live_in_jupyter_and_nowhere_else(notebook):
    assert notebook(JPY_SESSION_NAME="notebooks/06_vae.ipynb")
    assert not notebook()  # papermill, nbconvert: nobody looks
    assert not notebook(kernel=False, JPY_SESSION_NAME="x")  # a script
    assert not notebook(
        JPY_SESSION_NAME="x", COURSEKIT_OUT="runs/quick/06_vae"
    )  # reports, started from a Jupyter terminal
    assert not notebook(JPY_SESSION_NAME="x", COURSEKIT_PROGRESS="0")
    assert not notebook(JPY_SESSION_NAME="x", PYTEST_VERSION="8")  # nbval


def test_outside_a_live_notebook_the_decoder_is_not_even_called(notebook, capsys):
    notebook()
    assert widgets.latent_slider(None, 2) is None
    assert widgets.value_slider(None, name="x", low=0, high=1, start=0) is None
    assert capsys.readouterr() == ("", "")


def test_in_a_live_notebook_the_slider_is_shown_and_returned(notebook, monkeypatch):
    notebook(JPY_SESSION_NAME="notebooks/06_vae.ipynb")
    shown = []
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=shown.append))
    box = widgets.latent_slider(decode, [2], start=torch.zeros(3))
    assert shown == [box] and color(box)[1] == "The picture decoded at z[2] = 0.0"


def by_length(text):
    """A figure of a text; no text, no figure."""
    if not text:
        raise ValueError("write <something>")
    fig, axis = plt.subplots(figsize=(len(text) / 10, 1))
    axis.plot([0, 1])
    return fig


def test_writing_in_the_field_draws_the_figure_of_the_new_text():
    field, below = widgets.text_box(by_length, "a date", label="date").children
    before = below.value
    assert field.value == "a date" and 'alt="The figure of a date"' in before
    field.value = "another date"
    assert 'alt="The figure of another date"' in below.value and below.value != before
    assert not plt.get_fignums()  # all are closed


def test_a_text_that_has_no_figure_is_answered_in_words():
    field, below = widgets.text_box(by_length, "a date").children
    field.value = ""
    assert below.value == "write &lt;something&gt;"


def test_the_field_is_not_shown_where_nobody_can_write():
    assert widgets.text_field(by_length, "a date") is None
