"""The course as a static site: `coursekit site --to FOLDER`, built with no connection.

    build.build(lessons, folder)   # Sphinx over pages that are written from the stored notebooks
    pages.page(notebook, …)        # one lesson as a notebook that myst-nb shows as we want it

Nothing on a page asks another address for anything: formulas are MathML, pictures lie beside it.
"""
