"""The trial of the checkers: what it makes is false or equal, bad checkers are found out, and the page cannot be built then."""

from __future__ import annotations

import ast
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache as once
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

import gradproof
from gradproof import Derivation, cache, check, derive, page, reference, sources
from gradproof.page import PageError
from gradproof.trials import gathering, tables, trial
from gradproof.trials import oracles as oracles_module
from gradproof.trials.checkers import BUILT, Checker, Line
from gradproof.trials.gathering import derivations
from gradproof.trials.mutants import drawn, mutants
from gradproof.trials.numbers import Ground
from gradproof.trials.oracles import oracles
from gradproof.trials.rewritings import LAWS, rewritings
from gradproof.trials.trees import changed, parts
from gradproof.trials.trial import SMALLEST, by_one, formula_digest, material, tried
from losses import LINE, N, a, b, m, n, u, v, x, y

IDS = (*sources.IDS, *reference.IDS)
FEW = ("averages.linreg.m", "relu", "tanh")
DATA = Path(__file__).parents[1] / "docs/data/oracles.json"


def planted(answer: Callable[[sp.Expr, Line], Any], exact: bool = True) -> Checker:
    return Checker("planted", exact, lambda _: answer)


@once
def line() -> Derivation:
    return derive(LINE, m)


@once
def made() -> trial.Material:
    return material(line(), "result", "seed")


def kind(checker: Checker) -> tables.Kind:
    """What a checker makes of one gradient."""
    found = tables.Kind(checker.name, checker.exact)
    found.add("averages.linreg.m", by_one(checker, line(), made()))
    return found


# -- what the trial makes ---------------------------------------------------------------------------
def test_mutants_and_rewritings_are_what_they_are_said_to_be() -> None:
    """By the library, of which the trial uses nothing to make them."""
    assert len(made().mutants) == trial.MUTANTS
    assert {check(LINE, m, f.formula).status for f in made().mutants} == {"refuted"}
    assert len(made().rewritings) == trial.REWRITINGS
    assert {check(LINE, m, f.formula).status for f in made().rewritings} == {"proved"}


def test_what_is_not_false_is_no_mutant() -> None:
    """The sign inside a square is a slip that changes nothing."""
    d = derive(sp.tanh(u) ** 3, u)
    same = [e for _, e in mutants(d.result, ()) if Ground(d).apart(d.result, e) is None]
    assert same
    assert not {f.formula for f in material(d, "result", "seed").mutants} & set(same)


def test_the_kinds_of_slip_are_taken_in_turn() -> None:
    e = sp.Sum((m * x[n] + b - y[n]) ** 2, n)
    kinds = [slip for slip, _ in mutants(e, (a,))]
    assert set(kinds) == {"sign", "factor", "dropped term", "dropped factor", "exponent", "index", "last term of a sum"}
    first = [slip for slip, _ in drawn(e, (a,), "seed")][: len(set(kinds))]
    assert set(first) == set(kinds)
    assert list(drawn(e, (a,), "seed")) == list(drawn(e, (a,), "seed"))


PARTS = {
    "sums": u * sp.Sum(sp.Sum(x[n] * y[a] + x[n] * u, n), a)
    + sp.Sum(x[n], n) ** 2
    + u * sp.Sum(v * x[n], n) / N
    + sp.Sum(x[n] + u, n),
    "functions": sp.tanh(u) + sp.exp(u + v) / (1 + sp.exp(u)) + sp.log(2 * u) + sp.log(u) + (1 - sp.tanh(v) ** 2),
    "hyperbolic": sp.cosh(u) + sp.sinh(v) + u / v + u * (u + v) + v * u * (u + v),
    "branches": sp.Abs(u) + sp.Max(u, v) + sp.sign(u) + sp.Piecewise((u, u > v), (v, True)),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_keeps_the_value(name: str) -> None:
    """Of every formula in which it is used; and each has its use."""
    used = 0
    for e in PARTS.values():
        ground = Ground(derive(e, u))
        for path, part, _ in parts(e):
            new = LAWS[name](part, "a1")
            if new is not None:
                used += 1
                assert ground.same(e, changed(e, path, new)), (part, new)
    assert used


def test_points_meet_the_assumptions() -> None:
    for identity in ("softmax-cross-entropy", "quadratic-form", "kl-divergence"):
        for d in derivations(identity):
            for numbers in Ground(d)._scenes():
                assert all(numbers.holds(r) for r in d.assumptions)


# -- bad checkers -------------------------------------------------------------------------------------
def test_one_that_always_agrees_misses_everything() -> None:
    found = kind(planted(lambda *_: ("agrees", "planted")))
    assert found.total == {"agrees": trial.MUTANTS}
    assert found.limits == [None]
    assert len(tables.bars([found])) == trial.MUTANTS + 1
    assert "agrees with a false gradient of averages.linreg.m (" in tables.bars([found])[0]


def test_one_that_always_disagrees_rejects_equal_ones() -> None:
    found = kind(planted(lambda *_: ("disagrees", "planted")))
    assert found.equal == {"disagrees": trial.REWRITINGS}
    assert found.limits == [SMALLEST]
    assert any(
        "rejects a right gradient of averages.linreg.m, written otherwise" in fault for fault in tables.bars([found])
    )
    assert any("rejects 1 right gradients" in fault for fault in tables.bars([found]))


@pytest.mark.parametrize("answer", [math.nan, None, True, "yes"])
def test_one_without_an_outcome_is_missing(answer: Any) -> None:
    found = kind(planted(lambda *_: (answer, "")))
    assert found.total == {"missing": trial.MUTANTS}
    assert found.equal == {"missing": trial.REWRITINGS}
    assert found.right == {"missing": 1}
    assert tables.bars([found]) == []


def test_one_that_raises_is_missing() -> None:
    def crash(*_: Any) -> Any:
        raise ZeroDivisionError("planted")

    for checker in (planted(crash), Checker("planted", True, crash)):
        found = kind(checker)
        assert found.total == {"missing": trial.MUTANTS}
        assert found.missed[0]["why"] == "it failed: ZeroDivisionError: planted"


def test_the_limit_of_one_with_a_tolerance_is_found() -> None:

    def near(claim: sp.Expr, right: Line) -> tuple[str, str]:
        gap = sp.Rational(1, 10**7) - abs(claim / right.after - 1)
        return ("agrees" if gap >= 0 else "disagrees"), ""

    found = kind(planted(near, exact=False))
    assert found.limits == [6]
    assert found.agreed_to == 7
    assert tables.bars([found]) == []


def test_a_numeric_kind_may_miss_only_what_differs_seldom() -> None:
    slip = {"id": "relu", "slip": "sign", "formula": "-r", "outcome": "agrees", "why": "", "size": 2.0}
    for share, faults in ((0.1, 0), (0.5, 1)):
        found = tables.Kind("numeric", exact=False, missed=[{**slip, "share": share}])
        assert len(tables.bars([found])) == faults
        assert len(tables.bars([tables.Kind("exact", exact=True, missed=[{**slip, "share": share}])])) == 1


# -- the page -------------------------------------------------------------------------------------------
@once
def few() -> dict[str, list[dict[str, Any]]]:
    return {identity: gathering.trials(identity) for identity in FEW}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables of a few gradients."""
    monkeypatch.setattr(tables, "all_trials", few)
    monkeypatch.setattr(tables, "FILE", str(DATA))
    for least in ("LEAST_MUTANTS", "LEAST_REWRITINGS"):
        monkeypatch.setattr(tables, least, 1)


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html)[1:]
    return [[re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize("checker", BUILT, ids=lambda checker: checker.name)
@pytest.mark.usefixtures("shown")
def test_the_numbers_of_a_table_add_up(checker: Checker) -> None:
    *rows, total = [[int(cell.replace(",", "")) for cell in row[1:]] for row in cells(tables.by_kind(checker.name))]
    assert total == [sum(column) for column in zip(*rows, strict=True)]
    assert (
        total[0] == sum(total[1:]) == sum(len(g["kinds"][checker.name]["mutants"]) for t in few().values() for g in t)
    )
    if checker.exact:
        assert total[3] == 0


@pytest.mark.usefixtures("shown")
def test_the_summary_has_a_row_for_each_kind() -> None:
    rows = cells(tables.summary())
    assert [row[0] for row in rows][: len(BUILT)] == [checker.name for checker in BUILT]
    for row in rows:
        assert row[4].startswith("0 of ")


@pytest.mark.usefixtures("shown")
def test_the_page_cannot_be_built_if_a_checker_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = json.loads(json.dumps(few()))
    first = wrong["relu"][0]["kinds"]["canonical form"]
    first["mutants"][0] = "agrees"
    first["missed"].append({"slip": "sign", "formula": "-r", "outcome": "agrees", "why": "", "size": 2.0, "share": 1.0})
    monkeypatch.setattr(tables, "all_trials", lambda: wrong)
    for make in (tables.summary, lambda: tables.by_kind("remainder")):
        with pytest.raises(PageError, match=r"canonical form agrees with a false gradient of relu \(sign\): -r"):
            make()


@pytest.mark.usefixtures("shown")
def test_the_page_cannot_be_built_of_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LEAST_MUTANTS", 2000)
    with pytest.raises(PageError, match=r"there are \d+ false gradients only"):
        tables.summary()


@pytest.mark.usefixtures("shown")
def test_evidence_that_is_missing_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a page built on too few kinds."""
    names = [name for names in tables.BASES.values() for name in names if name != "kernel"]  # Coq may be absent
    records = {identity: [{"kind": name, "outcome": "agrees"} for name in names] for identity in FEW}
    for module, ids in ((page, sources.IDS), (tables.reference_page, reference.IDS)):
        monkeypatch.setattr(module, "record", lambda i, ids=ids: {"evidence": records[i]} if i in ids else None)
    monkeypatch.setattr(tables, "FILE", str(DATA))
    monkeypatch.setattr(tables, "oracles", lambda _: [])
    total = sum(map(len, few().values()))
    assert f"{total} of {total} gradients have at least 4 kinds of evidence from different code" in tables.by_gradient()
    records["relu"][names.index("remainder")] = {"kind": "remainder", "outcome": "missing"}
    with pytest.raises(PageError, match="relu has evidence from 3 kinds of code only"):
        tables.by_gradient()


def test_an_edit_of_the_trial_proves_nothing_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But tries all again, unless it only changes how the tables look."""
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    monkeypatch.setattr(cache, "TRIALS", tmp_path / "trials")
    (tmp_path / "trials").mkdir()

    def digests(**files: str) -> tuple[str, str]:
        for name, text in ({"mutants": "", "tables": ""} | files).items():
            (tmp_path / "trials" / f"{name}.py").write_text(text)
        for known in (cache.engine_digest, cache.trials_digest):
            known.cache_clear()
        return cache.engine_digest(), cache.trials_digest()

    engine, trials = digests()
    assert digests(tables="x = 1") == (engine, trials)
    assert digests(mutants="x = 1")[0] == engine
    assert digests(mutants="x = 1")[1] != trials
    for known in (cache.engine_digest, cache.trials_digest):
        known.cache_clear()


# -- the file of JAX and PyTorch -------------------------------------------------------------------------
def test_the_file_fits_the_gradients() -> None:
    """`nox -s oracles -- --write` writes it anew."""
    now = {identity: [formula_digest(d) for d in derivations(identity)] for identity in IDS}
    expected = Counter(d for digests in now.values() for d in digests)
    for oracle in oracles(DATA):
        assert set(oracle.trials) == set(expected), oracle.kind
        assert oracle.versions
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", oracle.made)
    assert {oracle.kind for oracle in oracles(DATA)} == {"autodiff by JAX", "autodiff by PyTorch"}


def test_what_is_not_installed_keeps_its_part_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracles_module, "by_processes", lambda work, names, _: map(work, names))
    monkeypatch.setattr(oracles_module, "find_spec", lambda name: name == "jax")
    path = tmp_path / "oracles.json"
    path.write_text(json.dumps({"torch": json.loads(DATA.read_text("utf-8"))["torch"]}), "utf-8")
    assert oracles_module.written(path, ["tanh"]) == ["jax"]
    by_jax, by_torch = oracles(path)
    assert by_jax.trials.keys() < by_torch.trials.keys()
    assert by_jax.versions.keys() == {"jax", "numpy", "sympy", "mpmath"}
    (found,) = by_jax.trials.values()
    assert (found["id"], found["right"], set(found["mutants"])) == ("tanh", "agrees", {"disagrees"})


# -- independence ------------------------------------------------------------------------------------------
def test_what_is_false_or_equal_is_decided_by_code_of_its_own() -> None:
    """By imports: of gradproof, the numbers, slips and laws of the trial use nothing but classes that formulas are made of."""
    allowed = {"gradproof.derivation": {"Derivation"}, "gradproof.inverse": {"Determinant", "InverseBase"}}
    for path in ("trees", "numbers", "mutants", "rewritings"):
        source = Path(trial.__file__).with_name(f"{path}.py").read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gradproof"):
                inside = (node.module or "").startswith("gradproof.trials.")
                assert inside or {name.name for name in node.names} <= allowed[node.module or ""], (path, node.module)


def test_the_engine_does_not_know_the_trial() -> None:
    folder = Path(gradproof.__file__).parent
    for path in folder.rglob("*.py"):
        if path.parent.name != "trials":
            assert "gradproof.trials" not in path.read_text("utf-8"), path


def test_a_gradient_that_is_wrong_by_differences_is_not_tried() -> None:
    wrong = replace(line(), result=2 * line().result)
    with pytest.raises(ArithmeticError, match=r"by differences, .* is not the derivative by m"):
        tried(wrong, [], "seed")
    assert tried(line(), [], "seed") == {"digest": formula_digest(line()), "kinds": {}}


def test_rewritings_never_capture_an_index() -> None:
    e = sp.Sum(sp.Sum(x[n] * y[a], n) * x[a], a) / N
    ground = Ground(derive(e, u))
    for made in rewritings(e, "seed"):
        assert ground.same(e, made.formula), made
