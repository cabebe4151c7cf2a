"""Controls that live in Jupyter only: where nobody can move them, nothing is shown or stored."""

import base64
import html
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from coursekit import config

HOSTS = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG")


def latent_slider(
    decode: Callable[[Tensor], Tensor], dims: int | Sequence[int], **options: Any
) -> Any:
    """Show the sliders of `slider_box`, which takes the same options, and return them.

    Outside a live notebook nothing is shown, and None returned.
    """
    if not live():
        return None
    from IPython.display import display

    box = slider_box(decode, dims, **options)
    display(box)
    return box


def slider_box(
    decode: Callable[[Tensor], Tensor],
    dims: int | Sequence[int],
    *,
    latent: int | None = None,
    start: Tensor | None = None,
    reach: float = 3.0,
    zoom: int = 4,
):
    """One slider for each of `dims` (a number: the first ones) and the picture of the code.

    decode: z (1, latent) -> (1, C, H, W) in [0, 1]. start (latent,): where the sliders begin,
    zeros unless given; reach: how far they go to both sides of zero; zoom: screen pixels a pixel.
    Its parts carry the classes ck-latent-slider, ck-latent-value and ck-latent-picture.
    """
    import ipywidgets

    chosen = list(range(dims)) if isinstance(dims, int) else list(dims)
    code = _start(start, latent, chosen)
    picture = ipywidgets.HTML(layout=ipywidgets.Layout(overflow="visible"))
    sliders = {dim: _slider(dim, float(code[dim]), reach) for dim in chosen}

    def draw(_change: object = None) -> None:
        for dim, slider in sliders.items():
            code[dim] = slider.value
        with torch.no_grad():
            image = decode(code[None])[0]
        values = ", ".join(f"z[{dim}] = {slider.value:.1f}" for dim, slider in sliders.items())
        picture.value = _img(image, zoom=zoom, alt=f"The picture decoded at {values}")

    for slider in sliders.values():
        slider.observe(draw, "value")
    draw()
    box = ipywidgets.HBox([picture, ipywidgets.VBox(list(sliders.values()))])
    box.add_class("ck-latent-slider")
    return box


def text_field(figure: Callable[[str], Any], start: str, *, label: str = "text") -> Any:
    """Show the field of `text_box`, which takes the same arguments, and return it.

    Outside a live notebook nothing is shown, and None returned.
    """
    if not live():
        return None
    from IPython.display import display

    box = text_box(figure, start, label=label)
    display(box)
    return box


def text_box(figure: Callable[[str], Any], start: str, *, label: str = "text"):
    """A field to write in, and below it the figure that the function makes of the text.

    A ValueError of the function is shown in words. Enter, or leaving the field, draws anew.
    """
    import ipywidgets

    field = ipywidgets.Text(value=start, description=label, continuous_update=False)
    below = ipywidgets.HTML()

    def draw(_change: object = None) -> None:
        try:
            below.value = _figure(figure(field.value), alt=f"The figure of {field.value}")
        except ValueError as error:
            below.value = html.escape(str(error))

    field.observe(draw, "value")
    draw()
    return ipywidgets.VBox([field, below])


def value_slider(picture: Callable[[float], Tensor], **options: Any) -> Any:
    """Show the slider of `value_box`, which takes the same options, and return it.

    Outside a live notebook nothing is shown, and None returned.
    """
    if not live():
        return None
    from IPython.display import display

    box = value_box(picture, **options)
    display(box)
    return box


def value_box(
    picture: Callable[[float], Tensor],
    *,
    name: str,
    low: float,
    high: float,
    start: float,
    steps: int = 50,
    zoom: int = 4,
):
    """One slider for a number, and the picture (C, H, W) in [0, 1] that belongs to it.

    name: what the number is, in words; steps: how many between low and high; zoom: screen pixels a
    pixel. Its parts carry the classes ck-value-box, ck-value and ck-latent-picture.
    """
    import ipywidgets

    shown = ipywidgets.HTML(layout=ipywidgets.Layout(overflow="visible"))
    slider = ipywidgets.FloatSlider(
        min=low,
        max=high,
        step=(high - low) / steps,
        value=start,
        description=name,
        readout_format=".2f",
        style={"description_width": "initial"},
    )
    slider.add_class("ck-value")

    def draw(_change: object = None) -> None:
        with torch.no_grad():
            image = picture(slider.value)
        shown.value = _img(image, zoom=zoom, alt=f"The pictures at {name} = {slider.value:.2f}")

    slider.observe(draw, "value")
    draw()
    box = ipywidgets.VBox([slider, shown])
    box.add_class("ck-value-box")
    return box


def live() -> bool:
    """True where a person sits at a notebook, and no runner's word stands against it.

    That is a kernel which a Jupyter server or an editor opened.
    """
    quiet = config.run_folder() is not None or config.quiet() or "PYTEST_VERSION" in os.environ
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel = getattr(shell, "kernel", None) is not None
    return kernel and any(name in os.environ for name in HOSTS) and not quiet


def _slider(dim: int, value: float, reach: float):
    """The slider of one dimension, from -reach to reach."""
    import ipywidgets

    slider = ipywidgets.FloatSlider(
        min=-reach,
        max=reach,
        step=reach / 30,
        value=min(max(value, -reach), reach),
        description=f"z[{dim}]",
        readout_format=".1f",
    )
    slider.add_class("ck-latent-value")
    return slider


def _start(start: Tensor | None, latent: int | None, chosen: list[int]) -> Tensor:
    """The code (latent,) to begin with. ValueError where a dimension lies outside of it."""
    code = (
        torch.zeros(latent or max(chosen) + 1)
        if start is None
        else start.detach().clone().float().cpu()
    )
    if not chosen or not all(0 <= dim < len(code) for dim in chosen):
        raise ValueError(f"dims are {chosen}: name dimensions from 0 to {len(code) - 1}")
    return code


def _figure(fig: Any, *, alt: str) -> str:
    """An <img> of a Matplotlib figure, which is closed."""
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=90, bbox_inches="tight")
    plt.close(fig)
    source = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'


def _img(image: Tensor, *, zoom: int, alt: str) -> str:
    """An <img> of a picture (C, H, W) in [0, 1], each pixel drawn as zoom x zoom."""
    pixels = (
        (image.float().cpu().clamp(0, 1) * 255)
        .round()
        .to(torch.uint8)
        .movedim(0, -1)
        .squeeze(-1)
        .numpy()
    )
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    source = base64.b64encode(buffer.getvalue()).decode()
    height, width = pixels.shape[:2]
    return (
        f'<img class="ck-latent-picture" alt="{html.escape(alt)}" '
        f'width="{zoom * width}" height="{zoom * height}" '
        f'style="image-rendering: pixelated" src="data:image/png;base64,{source}">'
    )
