"""What code shows, told without running it: a real kernel, which does run it, is the judge."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from coursekit.homework.effects import Code
from coursekit.homework.verdict import SHOWS, SILENT, UNKNOWN, Verdict

START = """
import math, os, random, sys, warnings
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from contextlib import redirect_stdout
from IPython.display import HTML, Image, Markdown, display
df = pd.DataFrame({"a": [1, 2]})
"""
DEFINITIONS = """
def say_it(): print("it")
def draw():
    fig, ax = plt.subplots()
    ax.plot([1, 2])
    return fig
def quietly(x):
    y = x + 1
def twice(x): return 2 * x
def trained(epochs):
    losses = []
    for epoch in range(epochs):
        losses.append(epoch)
        print(epoch)
    return losses
def kept():
    fig = plt.figure()
    plt.close(fig)
class Model:
    def fit(self):
        for step in range(2): say_it()
        return self
    def name(self): return "m"
model = Model()
noise = lambda: print("noise")
"""
SHOWING = r"""
df.head()
df
df["a"]
df.a.mean()
1 + 1
"text"
f"{1}"
[x for x in "ab"]
print("x")
print("x", file=sys.stderr)
sys.stdout.write("x");
for i in range(3): print(i)
while True:\n    print(1)\n    break
if True: print(1)
if __name__ == "__main__":\n    print("main")
if df.size: print(1)\nelse: print(2)
try:\n    print(1)\nfinally:\n    pass
with open(os.devnull) as file: print(file.name)
x = [print(i) for i in range(2)]
y = trained(2)
trained(2);
say_it()
noise()
twice(2)
draw()
draw();
fig = draw()
model.fit();
z = model.fit().name()
Model()
len("abc")
sorted([2, 1])
"a".upper()
np.arange(3)
np.sort([2, 1])
math.sqrt(2)
random.random()
display(1)
x = 1; display(x)
HTML("<b>x</b>")
Markdown("x")
plt.plot([1, 2])
plt.plot([1, 2]);
plt.imshow([[1, 2]]);
for i in range(2):\n    plt.figure()\n    plt.plot([i])
fig, axes = plt.subplots(1, 2)\nfor ax in axes:\n    ax.plot([1])
df.plot()
plt.show(plt.plot([1]))
plt.plot([1]); plt.show()
warnings.warn("x")
help(len)
%time x = 1
%timeit -n1 -r1 1
%%time\nx = 1
%who
%pwd
%env COURSEKIT_X=1
!echo x
%%html\n<b>x</b>
%%writefile /dev/null\nx
%%time\ndef inner(): print("inner")
inner()
if (n := 3) > 2: print(n)\nelse: print(0)
(lambda: 3)
""".strip().splitlines()
SILENT_CELLS = r"""
x = 1
import json
def f(): print("never")
class A:\n    def g(self): print("never")
x = twice(2)
x = df.head()
twice(2);
df.head();
1 + 1;  # a comment
quietly(1)
None
pass
x = [1]\nx.append(2)
random.seed(0)
np.random.seed(0)
os.makedirs("/tmp", exist_ok=True)
warnings.filterwarnings("ignore")
g = lambda: print("never")
for i in range(3): x = i
%matplotlib inline
%config InlineBackend.figure_format = "png"
%load_ext autoreload
%autoreload 2
%%capture\nprint("x")
%%capture out\nplt.plot([1])
!mkdir -p /tmp
files = !ls /
print("x", file=open(os.devnull, "w"))
plt.style.use("default")
plt.rcParams["figure.dpi"] = 50
plt.rcParams.update({"figure.dpi": 50})
assert twice(1) == 2
del x
if False: print(1)
# only a comment
setattr(model, "x", 1)
plt.close("all")
df?
""".strip().splitlines()
UNTOLD = r"""
if df.empty: print(1)
if len(df) > 99: print(1)
try:\n    pass\nexcept ValueError:\n    print(1)
df.empty and print(1)
x = print(1) if df.empty else None
with redirect_stdout(open(os.devnull, "w")): print(1)
plt.figure(); plt.plot([1]); plt.close()
kept()
globals()["say_it"]()
match 1:\n    case 2: print(1)
!true
%run -i /dev/null
os.chmod("/tmp", 0o1777)
exec("x = 1")
df.plot(); x = 1
""".strip().splitlines()


@pytest.fixture(scope="module")
def outputs():
    """Every cell below, run by one real kernel: source -> whether it showed something."""
    cells = [START, DEFINITIONS, *map(unfolded, (*SHOWING, *SILENT_CELLS))]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    failed = [
        (cell.source, output.evalue)
        for cell in notebook.cells
        for output in cell.outputs
        if output.output_type == "error"
    ]
    assert not failed
    return {cell.source: bool(cell.outputs) for cell in notebook.cells}


def unfolded(line: str) -> str:
    return line.replace("\\n", "\n")


@pytest.fixture
def verdict():
    """The verdict on one cell of a notebook that begins with the definitions above."""
    code = Code()
    assert code.read(START) == SILENT and code.read(DEFINITIONS) == SILENT
    code.read(unfolded('%%time\\ndef inner(): print("inner")'))
    return code.read


@pytest.mark.parametrize("line", SHOWING)
def test_what_shows_something_is_found(verdict, outputs, line):
    assert outputs[unfolded(line)] and verdict(unfolded(line)) == SHOWS


@pytest.mark.parametrize("line", SILENT_CELLS)
def test_what_shows_nothing_is_no_fault(verdict, outputs, line):
    assert not outputs[unfolded(line)] and verdict(unfolded(line)) == SILENT


@pytest.mark.parametrize("line", UNTOLD)
def test_what_cannot_be_told_is_said(verdict, line):
    assert verdict(unfolded(line)) == UNKNOWN


@pytest.mark.parametrize(
    "source",
    ["x <- 3", "1+" * 9999 + "1", "(" * 300, "print(", "\0", "for", "%%R\nplot(x)", "?" * 99],
)
def test_odd_code_does_no_harm(source):
    assert Code().read(source) in Verdict


def test_the_course_s_own_cells_that_show_nothing_are_silent():
    """No cell of a lesson is said to show something where nothing is stored; few are untold."""
    from coursekit import config

    untold = 0
    for path in sorted(config.NOTEBOOKS.glob("*.ipynb")):
        code = Code()
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code" and "colab" not in cell.metadata.get("tags", []):
                verdict = code.read(cell.source)
                assert cell.outputs or verdict != SHOWS, (path.name, cell.source)
                untold += verdict == UNKNOWN and not cell.outputs
    assert untold <= 5
