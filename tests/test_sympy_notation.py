"""Formulas in SymPy notation: what is read, what is refused and how, and that what SymPy prints is read back."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from gradproof import LatexError, Reader, equal
from gradproof.answer import Answer
from gradproof.problem import Problem, ProblemError
from gradproof.reading.tokens import MAX_DEPTH, MAX_LENGTH
from random_losses import problems
from readback import compared

N, K = sp.symbols("N K", integer=True, positive=True)
i, i2, k = sp.Idx("i", (1, N)), sp.Idx("i2", (1, K)), sp.Idx("k", (1, K))
x, y, z, w1 = map(sp.IndexedBase, ["x", "y", "z", "w1"])
a, b, e, u = sp.symbols("a b e u")
f = sp.Function("f")


def read(text: str, **declared: Any) -> Any:
    reader = Reader(notation="sympy", **declared)
    reader.glance([text])
    return reader.expression(text)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("Sum((a*x[i] + b - y[i])**2, (i, 1, N))/N", sp.Sum((a * x[i] + b - y[i]) ** 2, (i, 1, N)) / N),
        ("log(Sum(exp(z[k]), (k, 1, K)))", sp.log(sp.Sum(sp.exp(z[k]), (k, 1, K)))),
        ("E**a + E - e**2 + pi", sp.exp(a) + sp.E - e**2 + sp.pi),
        ("lambda*w_1 + x_hat*alpha", sp.Symbol("lambda") * sp.Symbol("w_1") + sp.Symbol("x_hat") * sp.Symbol("alpha")),
        ("-a**2*-b + a/b/2*3", a**2 * b + sp.Rational(3, 2) * a / b),
        ("2**-1 + Rational(1, 3) + 0.25 + 1e-3", sp.Rational(1, 2) + sp.Rational(1, 3) + sp.Rational(251, 1000)),
        ("x[0] + x[1]**2", x[0] + x[1] ** 2),
        ("Piecewise((a, (a > 0) & (b > 0)), (b, Ne(a, 1) | Eq(b, 2)), (0, True))",
         sp.Piecewise((a, (a > 0) & (b > 0)), (b, sp.Ne(a, 1) | sp.Eq(b, 2)), (0, True))),
        ("a if 0 < a < 1 else b", sp.Piecewise((a, (a > 0) & (a < 1)), (b, True))),
        ("Max(0, a)*Min(a, b, 1) + Abs(a) + sqrt(b)", sp.Max(0, a) * sp.Min(a, b, 1) + sp.Abs(a) + sp.sqrt(b)),
        ("tanh(u)**2 + sigmoid(u) + relu(u)", sp.tanh(u) ** 2 + 1 / (1 + sp.exp(-u)) + sp.Max(0, u)),
        ("Derivative(a**2*b, (a, 2))", sp.Derivative(a**2 * b, (a, 2))),
        ("Derivative(f(a), a) + Subs(Derivative(f(u), u), u, 2*a)",
         sp.Derivative(f(a), a) + sp.Subs(sp.Derivative(f(u), u), u, 2 * a)),
        ("(a +\n  b)", a + b),
    ],
    ids=str,
)  # fmt: skip
def test_a_formula_is_read_as_sympy_prints_it(text: str, means: sp.Expr) -> None:
    assert compared(means, read(text, functions=["f"])) == ""


def test_the_first_index_of_a_sum_is_that_of_the_inmost() -> None:
    assert str(read("Sum(x[j, i], (j, 1, i), (i, 1, N))")) == "Sum(Sum(x[j, i], (j, 1, i)), (i, 1, N))"


def test_a_sum_ends_with_its_bracket() -> None:
    found = read("Sum(x[i], (i, 1, N))*x[i] + x[i]", ranges={"i": "N"})
    assert equal(found, sp.Sum(x[i], (i, 1, N)) * x[i] + x[i]).status == "proved"


def test_names_are_whole_words_and_entries_have_brackets() -> None:
    """w1 and w_1 and w[1] are three things, and delta and sigma are nothing but names."""
    assert read("w1*w_1") == sp.Symbol("w1") * sp.Symbol("w_1")
    found = read("delta[i, j]*sigma*d/d2", ranges={"i": "N", "j": "N"})
    assert found.atoms(sp.Indexed) == {sp.IndexedBase("delta")[i, sp.Idx("j", (1, N))]}
    assert {s.name for s in found.free_symbols} >= {"sigma", "d", "d2"}


def test_objects_are_known_by_their_names() -> None:
    reader = Reader(notation="sympy", like=w1[i, k] * sp.Symbol("y1"))
    assert reader.expression("w1[i, k]*y1") == w1[i, k] * sp.Symbol("y1")


def test_matrices_are_read_where_they_are_declared() -> None:
    shapes = {"X": ("n", "d"), "w": "d", "A": ("n", "n")}
    assert str(read("(X*w).T*(X @ w) + Trace(A.T*A)*det(A)", shapes=shapes)) in (
        "Trace(A.T*A)*Determinant(A) + (w.T*X.T*X*w)[0, 0]", "Determinant(A)*Trace(A.T*A) + (w.T*X.T*X*w)[0, 0]"
    )  # fmt: skip
    assert read("A**-1 + Inverse(A)", shapes=shapes) == 2 * read("Inverse(A)", shapes=shapes)
    assert "HadamardProduct" in sp.srepr(read("HadamardProduct(A, A).T", shapes=shapes))


def test_softmax_has_an_index_behind_it() -> None:
    found = read("softmax(z)[k]*z[k]", ranges={"k": "K"})
    assert equal(found, sp.exp(z[k]) / sp.Sum(sp.exp(z[i2]), (i2, 1, K)) * z[k]).status == "proved"


@settings(deadline=None)
@given(problems())
def test_what_sympy_prints_is_read_back(problem: Any) -> None:
    """Sums, branches, deltas and functions of every kind, as str() prints them."""
    text = str(problem.loss)
    reader = Reader(notation="sympy", like=[problem.loss, *problem.definitions])
    assert compared(problem.loss, reader.expression(text)) == ""


@settings(deadline=None)
@given(st.recursive(
    st.sampled_from(["a", "x[i]", "2", "0.5", "lambda"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner)
    | st.builds("{}({})".format, st.sampled_from(["-", "exp", "tanh", "Abs"]), inner),
    max_leaves=8,
))  # fmt: skip
def test_operators_bind_as_in_python(text: str) -> None:
    """Read from the text, against Python's own evaluation of it with numbers."""
    values = {"a": sp.Rational(7, 3), "x": {0: sp.Rational(-5, 2)}, "i": 0, "lam": sp.Rational(11, 7)}
    env = values | {"exp": sp.exp, "tanh": sp.tanh, "Abs": sp.Abs}
    tree = ast.parse(text.replace("lambda", "lam"), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = sp.Rational(str(node.value))
    try:
        expected = _worth(tree.body, env)
        found = read(text, ranges={"i": "N"})
    except (ZeroDivisionError, LatexError):
        return
    at = {sp.Symbol("a"): values["a"], sp.Symbol("lambda"): values["lam"]}
    entries = {entry: sp.Rational(-5, 2) for entry in found.atoms(sp.Indexed)}
    worth = found.subs(entries).subs(at)
    if expected.is_finite and worth.is_finite:
        assert abs(sp.N(expected - worth, 30)) < 1e-15


def _worth(node: Any, env: dict[str, Any]) -> Any:
    """What an expression of Python's is worth, by a walk of its own."""
    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return env[node.id]
        case ast.Subscript():
            return _worth(node.value, env)[_worth(node.slice, env)]
        case ast.UnaryOp():
            return -_worth(node.operand, env)
        case ast.Call():
            return env[node.func.id](_worth(node.args[0], env))
    one, other = _worth(node.left, env), _worth(node.right, env)
    return {ast.Add: one.__add__, ast.Sub: one.__sub__, ast.Mult: one.__mul__, ast.Div: one.__truediv__}[type(node.op)](
        other
    )


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", 0, "there is no formula: the text is empty"),
        ("2 x", 2, "this is no SymPy notation: invalid syntax"),
        ("2x", 0, "this is no SymPy notation: invalid decimal literal"),
        ("a*(b", 2, "'(' was never closed"),
        (r"a + \frac{a}{b}", 4, "a backslash, as in LaTeX, stands in SymPy notation"),
        ("a # b", 2, "# stands in SymPy notation"),
        ("a + x^2", 5, "^ is not read in SymPy notation"),
        ("a + b.real", 4, "b.real is an attribute"),
        ("a + np.log(b)", 4, "np.log is an attribute"),
        ("np.sum(a)", 0, "Write Sum(x[i], (i, 1, N))."),
        ("sp.Abs(a)", 0, "Write Abs alone."),
        ("a + lgo(b)", 4, "the function lgo is not known"),
        ("a + tahn(b)", 4, "did you mean tan or tanh?"),
        ("a*(a)(b)", 3, "a is called, and is no function elsewhere"),
        ("a + 'b'", 4, "a string is no number and no name"),
        ("a + f'{b}'", 4, "a string is not read"),
        ("a + (b := 2)", 5, "a name that is given a value is not read"),
        ("f(a, b=2)", 5, "an argument with a name is not read"),
        ("Sum(x[i] for i in y)", 0, "Sum has 1 arguments"),
        ("Sum(x[i], (i, 1, N), 3)", 21, "3 is no index with its range"),
        ("Sum(x[i], (i, N))", 10, "(i, N) is no index with its range"),
        ("[a, b]", 0, "a list of values is not read"),
        ("x[1:2]", 2, "a range of indices is not read"),
        ("x[i][j]", 0, "x[i] has an index, and is no name"),
        ("(a) % b", 4, "% is not read in SymPy notation"),
        ("a + True", 4, "True is no number and no name"),
        ("3j*a", 0, "3j is no number and no name"),
        ("oo*a", 0, "oo is no real number in SymPy"),
        ("not a", 0, "not a is not read"),
        ("a is b", 0, "a is b is no relation that is read"),
        ("a & b", 0, "a condition stands where one value is expected"),
        ("a > b", 4, "an equation stands where one value is expected"),
        ("1" * 61, 0, "a number of 61 digits; at most 60 are read"),
        ("1e999999999", 0, "a power of ten beyond 60"),
        ("9**9**9", 0, "a power of numbers that is too large"),
        ("10**10**10", 0, "a power of numbers that is too large"),
        ("2**(-10**9)", 0, "a power of numbers that is too large"),
        ("2**exp(exp(exp(9)))", 3, "a power of numbers that is too large"),
        ("a*cosh(10**9)", 2, "a power of numbers that is too large"),
        ("a/(1 - 1)", 0, "a division by zero"),
        ("tanh" + "(1" * 30 + ")" * 30, 5, "is called, and is no name"),
        ("exp(" * 60 + "a" + ")" * 60, 4 * MAX_DEPTH + 3, f"nested too deeply: more than {MAX_DEPTH} brackets are open"),
        ("-exp(" * 30 + "a" + ")" * 30, 5 * MAX_DEPTH // 2, f"nested too deeply: more than {MAX_DEPTH} levels"),
        ("-" * 300 + "a", 0, f"nested too deeply: more than {MAX_DEPTH} operators"),
        ("b + a" + "**a" * 50, 5, f"nested too deeply: more than {MAX_DEPTH} operators"),
        ("a" + " if a > 0 else a" * 50, 16 * MAX_DEPTH + 11, f"nested too deeply: more than {MAX_DEPTH} operators"),
        ("(" * 500 + "a" + ")" * 500, None, "nested"),
        ("-" * 19_000 + "a", 0, "nested too deeply"),
        ("1+" * 9_000 + "a", None, "nested too deeply"),
        ("a" * (MAX_LENGTH + 1), 0, "the text has 20,001 characters; at most 20,000 are read at once"),
        ("x[k]", 0, "the index k has no range"),
        ("a + x[0] + x", 11, "x is an array with one index elsewhere, and has none here"),
        ("αβ + 3 4", 7, "this is no SymPy notation"),
        ("αβ + β.r", 5, "β.r is an attribute"),
        ("a =", 3, "the formula ends where a value is missing"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named_with_its_place(text: str, place: int | None, says: str) -> None:
    with pytest.raises(LatexError) as raised:
        read(text, ranges={"i": "N", "j": "N"})
    assert says in str(raised.value)
    assert place is None or raised.value.column == place


def test_only_text_is_read() -> None:
    with pytest.raises(TypeError, match="a formula is read from a str"):
        Reader(notation="sympy").expression(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the notation is 'mathml'; accepted are latex, sympy"):
        Reader(notation="mathml")


# --- the fields of a problem --------------------------------------------------------------
def test_a_gradient_is_decided() -> None:
    loss = "Sum((w*x[n] + b - y[n])**2, (n, 1, N))/N"
    right = Answer(Problem(loss, "w", "2/N*Sum(x[n]*(w*x[n] + b - y[n]), (n, 1, N))"))
    wrong = Answer(Problem(loss, "w", "2/N*Sum((w*x[n] + b - y[n]), (n, 1, N))"))
    assert (right.status, right.notes) == ("proved", ())
    assert wrong.status == "refuted"
    assert wrong.blame is not None
    assert "x[n]" in wrong.blame.slip


def test_fields_share_their_letters() -> None:
    problem = Problem(
        "E = Sum(h[j]**2, (j, 1, J))", gradient="Derivative(E, w[j, k]) = 2*h[j]*s(h[j])*x[k]",
        where=("h[j] = f(Sum(w[j, i]*x[i], (i, 1, I)))",), functions=("f, s",), ranges=("k = 1..I",),
    )  # fmt: skip
    assert str(Answer(problem).loss) == "Sum(h[j]**2, (j, 1, J))"
    by_slope = Problem("f(a*t)**2", "t", "2*a*f(a*t)*Subs(Derivative(f(u), u), u, a*t)", functions=("f",))
    assert Answer(by_slope).status == "proved"


def test_a_derivation_is_checked_line_by_line() -> None:
    found = Answer(Problem("exp(2*x)*y", "x", "Derivative(exp(2*x), x)*y = 2*exp(2*x)*y = 2*exp(x)*y"))
    assert found.checked is not None
    assert found.checked.first_wrong is not None
    assert found.checked.first_wrong.number == 3


@pytest.mark.parametrize(
    ("fields", "notation"),
    [
        ({"loss": "x_n", "wrt": "x_n"}, ""),
        ({"loss": r"\exp(x)", "wrt": "x"}, "latex"),
        ({"loss": "x^2", "wrt": "x"}, "latex"),
        ({"loss": "x_{1}", "wrt": "x_{1}"}, "latex"),
        ({"loss": "x**2", "wrt": "x"}, "sympy"),
        ({"loss": "x", "wrt": "x[1]"}, "sympy"),
        ({"loss": "x", "wrt": "x", "assume": ("x == 1",)}, "sympy"),
        ({"loss": "x", "wrt": "x", "assume": ("x in {0, 1}",)}, ""),
        ({"loss": "w.T*w", "wrt": "w"}, "sympy"),
        ({"loss": "log(x)", "wrt": "x"}, "sympy"),
        ({"loss": "x", "wrt": "x", "numbers": (r"\lambda",)}, "latex"),
        ({"loss": r"\exp(x)**2", "wrt": "x"}, "latex"),
        ({"loss": "Sum(x[n]^2, (n, 1, N))", "wrt": "x"}, "sympy"),
        ({"loss": "x", "wrt": "x", "notation": "sympy"}, "sympy"),
    ],
)
def test_the_signs_of_a_notation_tell_it(fields: dict[str, Any], notation: str) -> None:
    assert Problem(**fields).told == notation


def test_without_a_sign_latex_is_taken_where_it_has_a_meaning() -> None:
    assert Answer(Problem("a*b", "a", "b")).notes == ()
    (note,) = Answer(Problem("ab", "a", "b")).notes
    assert note == (
        "the formulas are read as LaTeX; in SymPy notation, the loss is ab, the gradient b (choose with notation: sympy)"
    )
    (note,) = Answer(Problem("alpha*x", "x", "alpha")).notes
    assert note == "the formulas are read in SymPy notation, since they are no LaTeX"
    assert Answer(Problem("ab", "a", "b", notation="sympy")).status == "refuted"
    with pytest.raises(ProblemError, match="the notation is 'tex'; accepted are latex, sympy"):
        Problem("a", "a", notation="tex")


@pytest.mark.parametrize(
    ("problem", "says", "never"),
    [
        (Problem("Sum(x[n], n)", "x[k]"), "Write Sum(.., (n, 1, ..)), or declare it: ranges: n = 1..N.", "\\"),
        (Problem("x**2 + lgo(x)", "x"), "Declare it as a function: functions: lgo.", "[\""),
        (Problem("x**2 + mean(x)", "x"), "Write Sum(x[i], (i, 1, N))/N.", "\\"),
        (Problem("Sum(x[n], (n, 1, N)) + x[n]", "x[k]"), "declare it free: ranges: n = 1..N.", "\\"),
        (Problem("x**2", "x + 1", "1"), "this is no variable that one derives by", "jk"),
        (Problem("x**2", "x", "Q(x) + 1 = 2"), "the left side is no derivative", "\\"),
    ],
)  # fmt: skip
def test_advice_is_given_in_the_notation_of_the_text(problem: Problem, says: str, never: str) -> None:
    with pytest.raises(ProblemError) as raised:
        Answer(problem)
    assert says in str(raised.value)
    assert never not in str(raised.value)
