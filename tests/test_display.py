"""What a notebook stores: pictures with words for them, and plain text without measured numbers."""

import base64
import io
import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from coursekit import display, sheets

SPAN = re.compile(r'<span class="measured">([^<]*)</span>')


@pytest.fixture
def shown(monkeypatch):
    """The outputs as (bundle, metadata), in order."""
    outputs = []

    def keep(bundle, *, raw, metadata=None):
        assert raw
        outputs.append((bundle, metadata or {}))

    monkeypatch.setattr(display, "display", keep)
    return outputs


def cells(markup):
    rows = re.findall(r"<tr.*?</tr>", markup, re.DOTALL)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]


def test_figure_is_a_png_with_alternative_text_and_its_caption_below(shown):
    fig, axis = plt.subplots()
    axis.plot([1, 2])
    display.figure(fig, number=3, caption="Loss & time", alt="a falling line")
    (picture, metadata), (caption, _) = shown
    image = Image.open(io.BytesIO(base64.b64decode(picture["image/png"])))
    assert image.format == "PNG" and min(image.size) > 200
    assert metadata["image/png"]["alt"] == "a falling line"
    assert picture["text/plain"] == "Figure 3: a falling line"
    assert "<b>Figure 3.</b> Loss &amp; time" in caption["text/html"]
    assert caption["text/plain"] == "Figure 3. Loss & time"
    assert not plt.fignum_exists(fig.number)


def test_the_same_figure_is_the_same_file(shown):
    for _ in range(2):
        fig, axis = plt.subplots()
        axis.plot([1, 2])
        display.figure(fig, number=1, caption="c", alt="a")
    assert shown[0] == shown[2]


def test_table_has_its_caption_above_and_all_its_cells(shown):
    frame = pd.DataFrame(
        {"method": ["PCA", "network"], "MSE": [0.015312, 0.5], "weights": [7850, 9_154_194]}
    )
    display.table(frame, number=2, caption="a < b")
    ((bundle, _),) = shown
    markup = bundle["text/html"]
    assert markup.index("<b>Table 2.</b> a &lt; b") < markup.index("<table")
    assert cells(markup) == [
        ["method", "MSE", "weights"],
        ["PCA", '<span class="measured">0.01531</span>', "7,850"],
        ["network", '<span class="measured">0.5</span>', "9,154,194"],
    ]


def test_plain_text_holds_no_measured_number(shown):
    frame = pd.DataFrame(
        {
            "noise": ["salt", "speckle"],
            "dB": [23.456, np.float32(17.25)],
            "SSIM": [0.875, None],
            "best": [np.float32(0.625), "none"],
            "pixels": [784, 1024],
        }
    )
    display.table(frame, number=1, caption="c")
    plain, markup = shown[0][0]["text/plain"], shown[0][0]["text/html"]
    assert plain.splitlines()[0] == "Table 1. c"
    assert all(word in plain for word in ("salt", "speckle", "784", "1024"))
    assert not any(number in plain for number in ("23.4", "17.2", "0.87", "0.62"))
    assert not re.search(r"\d\.\d", SPAN.sub("", markup).replace("Table 1.", ""))
    assert SPAN.findall(markup) == ["23.46", "0.875", "0.625", "17.25"]


def test_missing_values_are_empty_cells(shown):
    frame = pd.DataFrame(
        {"a": [1.0, None], "b": ["x", None], "c": [None, 2], "d": [None, None]}, dtype=object
    )
    display.table(frame, number=1, caption="c")
    assert cells(shown[0][0]["text/html"])[1:] == [
        ['<span class="measured">1</span>', "x", "", ""],
        ["", "", "2", ""],
    ]


def test_cells_and_headers_are_escaped_and_never_cut(shown):
    display.table(pd.DataFrame({"<b>": ["a < b & c", "x" * 300]}), number=1, caption="c")
    markup = shown[0][0]["text/html"]
    assert cells(markup) == [["&lt;b&gt;"], ["a &lt; b &amp; c"], ["x" * 300]]
    assert "x" * 300 in shown[0][0]["text/plain"]


def test_long_tables_are_shown_whole(shown):
    display.table(pd.DataFrame({"n": range(100), "f": [0.5] * 100}), number=1, caption="c")
    assert [row[0] for row in cells(shown[0][0]["text/html"])[1:]] == [str(n) for n in range(100)]
    assert "50" in shown[0][0]["text/plain"].split()


def test_the_frame_is_not_changed(shown):
    frame = pd.DataFrame({"a": [1.5], "b": ["x"]})
    copy = frame.copy()
    display.table(frame, number=1, caption="c")
    pd.testing.assert_frame_equal(frame, copy)


def test_claims_say_whose_they_are_what_was_measured_and_whether_they_hold(shown):
    rows = [
        {"text": "ours < theirs", "source": "", "measured": "0.015 < 0.019", "holds": True},
        {
            "text": "Kernels of 7 overfit",
            "source": "the source",
            "measured": "1.5 > 1.7",
            "holds": False,
        },
    ]
    display.claims(rows, number=4, caption="Claims")
    bundle = shown[0][0]
    assert cells(bundle["text/html"])[1:] == [
        [
            "ours &lt; theirs",
            "this course",
            '<span class="measured">0.015 &lt; 0.019</span>',
            "holds",
        ],
        [
            "Kernels of 7 overfit",
            "the source",
            '<span class="measured">1.5 &gt; 1.7</span>',
            "does not hold",
        ],
    ]
    assert bundle["text/plain"].splitlines() == [
        "Table 4. Claims",
        "holds: ours < theirs",
        "does not hold: Kernels of 7 overfit",
    ]


def test_paragraph_fills_measures_in_and_leaves_plain_text_as_written(shown):
    display.paragraph("MSE {mse:.3f}, twice {mse}, $x_{{0}}$", {"mse": 0.0153456})
    bundle = shown[0][0]
    assert SPAN.findall(bundle["text/markdown"]) == ["0.015", "0.01535"]
    assert bundle["text/markdown"].endswith("$x_{0}$")
    assert bundle["text/plain"] == "MSE {mse:.3f}, twice {mse}, $x_{{0}}$"


def test_a_measure_that_was_not_taken_is_named(shown):
    with pytest.raises(KeyError, match="no measure psnr; there are mse"):
        display.paragraph("{psnr:.1f} dB", {"mse": 0.1})
    assert not shown


def stored_and_exact(fig, kind="plot"):
    """A figure's picture as stored and as matplotlib writes it."""
    exact = io.BytesIO()
    fig.savefig(
        exact, format="png", dpi=display.DPI, bbox_inches="tight", metadata={"Software": None}
    )
    return display.stored(fig, kind), exact.getvalue()


def colors_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(float)


def test_a_heavy_figure_is_stored_with_256_colors_and_looks_the_same():
    grain = np.random.default_rng(0).random((300, 300, 3))
    fig, axis = plt.subplots(figsize=(4, 4))
    axis.imshow(grain / 4 + 0.5)
    light, exact = stored_and_exact(fig)
    plt.close(fig)
    assert len(light) < len(exact) / 2 and len(exact) > display.HEAVY
    before, after = colors_of(exact), colors_of(light)
    assert before.shape == after.shape and abs(before - after).mean() < 6  # of 255


def test_a_photo_is_nearer_to_what_one_sees_and_no_heavier():
    down, right = np.mgrid[0:1:300j, 0:1:300j]
    grain = np.random.default_rng(0).normal(0, 0.03, (300, 300, 3))
    photo = np.stack([right, 0.6 * down + 0.2, 1 - right * down], 2) + grain
    fig, axis = plt.subplots(figsize=(4, 4))
    axis.imshow(photo.clip(0, 1))
    plain, exact = stored_and_exact(fig)
    true, _ = stored_and_exact(fig, "photo")
    plt.close(fig)
    original = rgb2lab(colors_of(exact) / 255)
    errors = [
        deltaE_ciede2000(original, rgb2lab(colors_of(png) / 255)).mean() for png in (plain, true)
    ]
    assert errors[1] < 0.9 * errors[0] and len(true) < 1.1 * len(plain)


def test_a_photo_is_a_jpeg_with_its_alternative_text(shown):
    fig = plt.figure(figsize=(1, 1))
    display.figure(fig, number=1, caption="C", alt="A", kind="photo", marks={"cover": True})
    (bundle, metadata), _ = shown
    assert set(bundle) == {"image/jpeg", "text/plain"}
    assert metadata == {"image/jpeg": {"alt": "A"}, "coursekit": {"cover": True}}
    assert Image.open(io.BytesIO(base64.b64decode(bundle["image/jpeg"]))).format == "JPEG"


def test_a_sheet_of_pixels_keeps_every_color():
    fig = sheets.sheet({"noise": torch.rand(4, 3, 16, 16)}, zoom=2, shades=255)
    pixels, exact = stored_and_exact(fig, "pixels")
    plt.close(fig)
    assert (colors_of(pixels) == colors_of(exact)).all() and len(pixels) < len(exact)


def test_few_colors_are_all_kept():
    flat = np.kron(np.random.default_rng(0).integers(0, 4, (100, 100)) / 3, np.ones((3, 3)))
    fig = plt.figure(figsize=(3, 3))
    fig.add_axes((0, 0, 1, 1)).imshow(flat, cmap="gray", interpolation="nearest")
    stored, exact = stored_and_exact(fig)
    plt.close(fig)
    assert (colors_of(stored) == colors_of(exact)).all()
