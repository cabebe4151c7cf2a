"""Sphinx: how the pages of the course become a site that asks no other address for anything."""

from coursekit.site import formulas

project = "coursekit"
html_title = "coursekit"
copyright = "the authors of coursekit; MIT license"
extensions = ["myst_nb", "sphinx_togglebutton", "sphinx_copybutton", "sphinx_design"]
exclude_patterns = ["_downloads"]
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type", "myst.xref_missing"]
html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}


def setup(app):
    """Formulas are MathML."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(formulas.inline, None), block_renderers=(formulas.block, None)
    )
