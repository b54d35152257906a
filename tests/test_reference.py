"""The reference: every gradient is proved, every slip refuted, every stable form better; nothing false can be shown.

Every single step of every entry is verified when the site is built; here the claims are checked against the losses.
"""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import math
import random
import re
from dataclasses import replace
from fractions import Fraction
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from mpmath import mp

from gradproof import REFERENCE, Model, cache, equal, page, reference, reference_page
from gradproof.doubles import in_doubles
from gradproof.forms.python_nodes import safe_name
from gradproof.inverse import arrays_in
from gradproof.lines import index_range
from gradproof.notation import NotationError
from gradproof.precision.stable import plain
from gradproof.reference.entry import Entry, Gradient, Stable, Wrong
from gradproof.statements.base import value_at

ROOT = Path(__file__).parent.parent
x, y, z = sp.symbols("x y z")

ENTRIES = dict(REFERENCE)  # made once: that takes longer than most of what is tested

#: What the reference was asked to hold, and the entry that holds it.
ASKED = {
    "squared": "mean-squared-error", "absolute": "mean-absolute-error", "Huber": "huber", "hinge": "hinge",
    "logistic": "logistic-loss", "Poisson": "poisson-regression", "cross-entropy": "softmax-cross-entropy",
    "regularisers": "ridge-regression", "weights": "weighted-least-squares", "softmax": "softmax",
    "log-softmax": "log-softmax", "log-sum-exp with temperature": "log-sum-exp", "entropy": "entropy",
    "KL": "kl-divergence", "InfoNCE": "info-nce", "triplet": "triplet", "Bradley-Terry": "bradley-terry", "DPO": "dpo",
    "GELU": "gelu", "ReLU": "relu", "leaky ReLU": "leaky-relu", "ELU": "elu", "hardtanh": "hardtanh", "mean": "mean",
    "variance": "variance", "layer norm": "layer-norm", "batch norm": "batch-norm", "RMS norm": "rms-norm",
    "norms": "euclidean-norm", "cosine similarity": "cosine-similarity", "attention": "attention",
    "LSTM": "lstm-cell", "GRU": "gru-cell", "embeddings": "embedding", "LoRA": "lora",
    "several layers deep": "three-layer-network", "softmax regression Hessian": "softmax-regression-hessian",
    "logistic Hessian": "logistic-hessian", "Hessian-vector product": "logistic-hessian-vector",
    "quadratic form": "quadratic-form", "trace": "trace-product", "Frobenius norm": "frobenius-norm",
    "log-determinant": "log-determinant", "inverse": "inverse-form",
}  # fmt: skip


@pytest.mark.parametrize("what", ASKED)
def test_what_was_asked_for_is_there(what: str) -> None:
    assert ASKED[what] in reference.IDS


def test_the_table_names_each_entry_once_and_every_function_that_makes_one() -> None:
    """At least 40 were asked for; an entry that is not in the table would be lost."""
    listed = [identity for _, ids in reference.GROUPS.values() for identity in ids]
    assert len(listed) == len(set(listed)) == len(REFERENCE) >= 40
    for group, (_, ids) in reference.GROUPS.items():
        tree = ast.parse((ROOT / "src/gradproof/reference" / f"{group}.py").read_text("utf-8"))
        makers = [f.name for f in tree.body if isinstance(f, ast.FunctionDef) and not f.args.args and _makes_entry(f)]
        assert sorted(makers) == sorted(reference.locate(identity)[1] for identity in ids)


def _makes_entry(function: ast.FunctionDef) -> bool:
    return isinstance(function.returns, ast.Name) and function.returns.id == "Entry"


@pytest.mark.parametrize("identity", reference.IDS)
def test_gradients_are_proved_and_slips_refuted(identity: str) -> None:
    """Each by its own loss, through the definitions; an entry says all that a reader looks for."""
    entry = ENTRIES[identity]
    assert entry.id == identity
    assert all((entry.title, entry.about, entry.keywords, entry.stability))
    assert any(gradient.wrong for gradient in entry.gradients)
    model = Model(entry.definitions)
    for gradient in entry.gradients:
        found = model.check(entry.of(gradient), gradient.wrt, gradient.formula, entry.assumptions)
        assert found.status == "proved", str(found)
        for wrong in gradient.wrong:
            found = model.check(entry.of(gradient), gradient.wrt, wrong.formula, entry.assumptions)
            assert (found.status, bool(found.witness), bool(wrong.why)) == ("refuted", True, True), wrong.formula


STABLE = [(identity, n) for identity in reference.IDS for n, _ in enumerate(ENTRIES[identity].stable)]


@pytest.mark.parametrize(("identity", "n"), STABLE)
def test_a_stable_form_is_equal_and_keeps_the_digits_that_the_plain_one_loses(identity: str, n: int) -> None:
    entry = ENTRIES[identity]
    form = entry.stable[n]
    assert form.equality(entry.definitions, entry.assumptions).verify().status == "proved"
    assert form.tried().status == "proved", str(form.measured())
    assert form.why
    for letter in form.choose:
        assert not form.of.has(letter)
        assert form.form.has(letter)


# -- the code ---------------------------------------------------------------------------------
SIZES = {"N": 3, "K": 2, "D": 2, "H": 3, "T": 3, "R": 2, "J": 2}
SCIPY = SimpleNamespace(special=SimpleNamespace(erf=np.vectorize(math.erf)))
WITHOUT_CODE = {"convolution"}  # its inputs are shifted


def numbers(entry: Entry) -> dict[str, Any]:
    """A number between 0 and 1 for each letter, nested lists for arrays; square ones are symmetric where it assumes something."""
    draw = random.Random(entry.id)
    defined = {getattr(d.lhs, "base", d.lhs) for d in entry.definitions}
    bodies = [e for d in entry.definitions for e in d.args] + [e for g in entry.gradients for e in (g.wrt, g.formula)]
    found: dict[str, Any] = {}
    for letter in sorted({s for e in bodies for s in e.free_symbols if isinstance(s, sp.Symbol)}, key=str):
        found[str(letter)] = SIZES[str(letter)] if letter.is_integer else Fraction(draw.randint(1, 9), 10)
    for base in sorted({b for e in bodies for b in arrays_in(e)} - defined, key=str):
        entries = [a for e in bodies for a in e.atoms(sp.Indexed) if a.base == base]
        shape = [max(map(extent, axis)) for axis in zip(*(a.indices for a in entries), strict=True)] or [2, 2]
        array = np.array([Fraction(draw.randint(1, 9), 10) for _ in range(math.prod(shape))]).reshape(shape)
        square = entry.assumptions and len(shape) == 2 and shape[0] == shape[1]
        found[str(base.label)] = ((array + array.T) / 2 if square else array).tolist()
    return {name: value for name, value in found.items() if name not in set(map(str, defined))}


def extent(index: sp.Expr) -> int:
    """The largest value of an index."""
    top = index.xreplace({i: span[1] for i in index.atoms(sp.Idx) if (span := index_range(i))})
    return int(top.xreplace({size: sp.Integer(SIZES[str(size)]) for size in top.free_symbols}))


@pytest.mark.parametrize("identity", reference.IDS)
def test_the_code_runs_and_gives_the_numbers_of_the_formula(identity: str) -> None:
    """What a reader copies: NumPy's value of each entry against the formula's, which is computed exactly."""
    entry = ENTRIES[identity]
    gradient, given = entry.gradients[0], numbers(entry)
    forms = entry.forms(gradient)
    code = entry.code(forms)
    if code is None:
        assert identity in WITHOUT_CODE
        return
    names = {safe_name(name): np.asarray(value, dtype=float) for name, value in given.items()}
    names |= {"np": np, "scipy": SCIPY}
    exec(code, names)  # noqa: S102 -- it is our own
    found = np.asarray(names["gradient"], dtype=float)
    places = list(itertools.product(*(range(1, extent(i) + 1) for i in forms.indices)))
    for place in random.Random(identity).sample(places, min(4, len(places))):
        at = given | {str(i): n for i, n in zip(forms.indices, place, strict=True)}
        exact = value_at(gradient.formula, at, entry.definitions)
        expected = float(exact) if isinstance(exact, Fraction) else float(mp.mpf(exact.mid))
        got = np.broadcast_to(found, [extent(i) for i in forms.indices])[tuple(n - 1 for n in place)]
        assert math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-12), f"{got} for {expected} at {place}:\n{code}"


# -- what is false is not shown ---------------------------------------------------------------
@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADPROOF_CACHE", str(tmp_path))
    return tmp_path


def planted(change: str) -> Entry:
    """The entry of tanh with one thing in it false."""
    entry = ENTRIES["tanh"]
    gradient, form = entry.gradients[0], entry.stable[0]
    false = {
        "a gradient": {"gradients": (replace(gradient, formula=1 + gradient.formula),)},
        "a slip that is right": {
            "gradients": (replace(gradient, wrong=(Wrong(1 / sp.cosh(sp.Symbol("x")) ** 2, "why"),)),)
        },
        "a stable form that is another value": {"stable": (replace(form, form=2 * form.form),)},
        "a stable form that is no better": {"stable": (replace(form, form=form.of),)},
        "a plain form that is as good": {"stable": (replace(form, of=form.form),)},
    }
    return replace(entry, **false[change])


PLANTED = {
    "a gradient": "first wrong step: the statement Derivative(y, x) = 2 - y**2",
    "a slip that is right": "the slip cosh(x)**(-2) is proved, not refuted",
    "a stable form that is another value": "the stable form 2*tanh(x)",
    "a stable form that is no better": "the stable form (exp(x) - exp(-x))/(exp(x) + exp(-x)) (in double precision nan",
    "a plain form that is as good": "the stable form tanh(x) (in double precision 1.0, in the stable form 1.0",
}


@pytest.mark.parametrize("change", PLANTED)
def test_a_false_part_is_an_error_that_names_it(change: str, kept: Path) -> None:  # noqa: ARG001
    with pytest.raises(page.PageError) as error:
        reference_page.render_entry(planted(change))
    assert str(error.value).startswith("tanh (“Tanh” in the reference) is ")
    assert PLANTED[change] in str(error.value)


# -- pages ------------------------------------------------------------------------------------
def text_of(html: str) -> str:
    """What a reader sees, save the formulas."""
    html = re.sub(r"<gp-tex>.*?</gp-tex>", "…", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_an_entry_shows_all_that_is_known_of_it(kept: Path) -> None:  # noqa: ARG001
    html = reference_page.entry("relu")
    text = text_of(html)
    for shown in (
        "The positive part of its input.", "✓ Proved for every value", "NumPy gradient = np",
        "There is no gradient.", "jax.nn.relu , torch.relu : that of …", "Precision Safe.", "✗ Refuted at …, the two sides are",
        "How … is found", "Rests on",
    ):  # fmt: skip
        assert shown in text, shown
    assert "Matrices" not in text  # of a number by a number there is none


def test_the_code_below_an_entry_runs_and_proves_it(kept: Path) -> None:  # noqa: ARG001
    html = reference_page.entry("softmax-two-classes")
    code = unescape(re.sub(r"<[^>]*>", "", re.findall(r"<summary>Python</summary>(.*?</pre>)", html, re.DOTALL)[0]))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})  # noqa: S102
    assert printed.getvalue().startswith("proved")


def test_every_group_has_its_page_in_the_contents() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8")
    for group, (title, _) in reference.GROUPS.items():
        assert f"- {title}: reference/{group}.md" in nav
        text = (ROOT / "docs/reference" / f"{group}.md").read_text("utf-8")
        assert re.match(rf"---\ndescription: .+\n---\n\n# {title}\n", text)
        assert f'group("{group}")' in text


def test_the_table_links_to_every_entry_and_holds_the_words_that_people_search_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gradient = {"latex": "c", "indices": 1, "matrix": None, "code": "a"}
    made = {"title": "A & B", "keywords": "silu swish", "definitions": ["a", "b"], "gradients": [gradient]}
    made |= {"stable": [], "kinks": ["x"], "evidence": [{"kind": "kernel", "outcome": "agrees"}]}
    monkeypatch.setattr(reference_page, "record", lambda identity: {"id": identity, **made})
    html = reference_page.index()
    for identity, group in reference.IDS.items():
        assert html.count(f'<tr id="{identity}" ') == html.count(f'href="site:reference/{group}/#{identity}"') == 1
    assert html.count(">A &amp; B</a><span hidden>silu swish</span>") == len(reference.IDS)
    assert html.count('data-shape="a vector" data-has="code kinks certified"') == len(reference.IDS)
    assert 'data-marks="code=NumPy code;kinks=kinks;certified=formal certificate"' in html, "what none has is not asked"


def test_an_unknown_entry_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no entry has the id 'geluu'; known are mean-squared-error, .*gelu"):
        reference.locate("geluu")


def test_a_change_of_one_group_reaches_that_group_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the reference is part of the engine, so the sources' claims are not proved anew either."""
    folder = tmp_path / "reference"
    folder.mkdir()
    for name in ("__init__", "entry", "letters", "norms", "softmax"):
        (folder / f"{name}.py").write_text("")
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    monkeypatch.setattr(cache, "REFERENCE", folder)

    def digests() -> tuple[str, str, str]:
        for known in (cache.engine_digest, cache.group_digest):
            known.cache_clear()
        return cache.engine_digest(), cache.group_digest("norms"), cache.group_digest("softmax")

    before = digests()
    (folder / "norms.py").write_text("changed = True")
    after = digests()
    (folder / "letters.py").write_text("changed = True")
    shared = digests()
    for known in (cache.engine_digest, cache.group_digest):
        known.cache_clear()
    assert (before[0], before[2]) == (after[0], after[2])
    assert before[1] != after[1]
    assert {*shared[1:]}.isdisjoint(after)


# -- double precision -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (sp.exp(x), math.inf),
        (sp.log(y), -math.inf),
        (1 / y, math.inf),
        (y * sp.exp(x), math.nan),
        (sp.sqrt(-x), math.nan),
        (sp.sinh(-x), -math.inf),
        (sp.log(1 + z), 0.0),
        (sp.codegen.cfunctions.log1p(z), 1e-20),
        (sp.Max(y, x), 1000.0),
    ],
)
def test_what_doubles_give_is_what_numpy_gives(expression: sp.Expr, value: float) -> None:
    """Infinite where it overflows, nan where it has no value; nothing is raised."""
    at = {"x": 1000, "y": 0, "z": "1e-20"}
    found = in_doubles(expression, at)
    with np.errstate(all="ignore"):
        arguments = [np.float64(at[name]) for name in "xyz"]
        numpys = float(sp.lambdify((x, y, z), expression, "numpy")(*arguments))
    assert repr(found) == repr(float(value)) == repr(numpys)


def test_a_letter_without_a_value_is_named() -> None:
    with pytest.raises(NotationError, match="no value is given for y"):
        in_doubles(x + y, {x: 1})


def test_log1p_and_expm1_are_spelled_out_where_they_are_proved() -> None:
    form = sp.codegen.cfunctions.log1p(sp.codegen.cfunctions.expm1(x))
    assert plain(form) == sp.log(1 + (sp.exp(x) - 1))
    assert equal(form, x).status == "proved"


def test_a_form_is_called_stable_only_where_it_was_tried() -> None:
    fine = Stable(sp.exp(x) - 1, sp.codegen.cfunctions.expm1(x), {x: "1e-15"}, "cancels")
    assert fine.tried().status == "proved"
    assert str(fine.measured()).endswith("the value is 1.0000000000000005e-15")
    assert replace(fine, at={x: 1}).tried().status == "undecided"  # the plain form is as good there


def test_an_entry_of_ones_own_is_checked_like_the_others() -> None:
    """Nothing of the engine knows an entry: any function can be one."""
    own = Entry(
        "cube", "Cube", "", "", (sp.Eq(y, x**3),), (Gradient(x, 3 * x**2, (Wrong(x**2, "the 3 is lost"),)),), "Safe."
    )
    assert own.verify().status == "proved"
    assert replace(own, gradients=(Gradient(x, 3 * x),)).verify().status == "refuted"
