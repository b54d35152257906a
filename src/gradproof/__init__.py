"""gradproof: gradients that can be trusted.

The pipeline, which the file names follow:

    loss or model ── rules, one step at a time ──> derivation ── normal form ──> verdict
     (plain SymPy)                                    │                           │
                                                      ├── independent checks ──> evidence
                                                      └── page (steps, verdict, evidence, code)

Where things are, in the order of the pipeline:

- notation.py reads SymPy (fresh dummies; ranges.py), reading/ LaTeX, forms/ matrices and NumPy; lines.py builds
  and publishes lines;
- rules.py is the table of laws, matrix_rules.py that of inverses and determinants (inverse.py), elementary.py that
  of functions, rule.py what a law is; derivation.py applies them;
- model.py holds named quantities, backward.py is back-propagation through them;
- translate.py makes the normal form: canonical.py (its shape), indicators.py, products.py, substitution.py and
  algebra.py (its laws), vanishing.py (when it is zero), cases.py (by which cases), signs.py (which of them are
  empty), ties.py (where branches meet), assumptions.py (what is given);
- proof.py decides equality, checking.py a claimed gradient; repair/ names its slip, needs.py the assumptions that
  it needs, typed.py the first wrong line of a derivation, kinks.py where there is no gradient;
- points.py and given.py are points that are found and given, values.py evaluates there, arithmetic.py, intervals.py
  and doubles.py say with which numbers; verdict.py is the answer;
- checks/ are the independent checks: SymPy's diff, remainders, a second prover, a second enclosure,
  automatic differentiation; trials/ puts them on trial, for the site;
- precision/ says what a formula is worth in double precision, and rewrites it so that it is worth more;
- code/ writes a loss with its gradients as a function, of arrays or of loops;
- statements/ are the kinds of statement, claim.py joins them to a claim, sources/ holds the claims of the four
  texts, reference/ the gradients to look up;
- latex.py, typeset.py, page.py (of pieces.py), reference_page.py and rule_page.py show them, ledger.py all at once, figures/
  what can be moved; related.py says what stands beside each, one_line.py writes a formula as text, spoken.py (of
  mathml.py, spoken_names.py) says it in words; cache.py keeps what was made;
- problem.py is a problem as an author writes it, answer.py what is found; authors/ shows it in MkDocs and Jupyter
  (display.py), cli.py (commands.py, collection.py, terminal.py, data.py; workers.py, many at once) on the command line.

Names are loaded when they are first used, so that `import gradproof` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "derive": "derivation",
    "Derivation": "derivation",
    "NoRuleAppliesError": "derivation",
    "Step": "derivation",
    "Model": "model",
    "check": "checking",
    "blame": "repair",
    "Blame": "repair",
    "check_lines": "typed",
    "CheckedLine": "typed",
    "CheckedLines": "typed",
    "needed": "needs",
    "Need": "verdict",
    "equal": "proof",
    "Evidence": "verdict",
    "Verdict": "verdict",
    "Witness": "verdict",
    "RULES": "rules",
    "Rule": "rules",
    "NotationError": "notation",
    "RangeError": "notation",
    "KinkError": "values",
    "UndefinedError": "values",
    "Reader": "reading",
    "read_latex": "reading",
    "LatexError": "reading",
    "AmbiguityError": "reading",
    "accuracy": "precision.accuracy",
    "Accuracy": "precision.accuracy",
    "stable_form": "precision.stable",
    "program": "code",
    "Program": "code",
    "CodeError": "code",
    "Claim": "claim",
    "CLAIMS": "sources",
    "REFERENCE": "reference",
    "remainder_slopes": "checks.remainder",
    "enclosed": "checks.enclosure",
    "Enclosure": "checks.enclosure",
    "load_ipython_extension": "authors.jupyter",  # `%load_ext gradproof`
}

__all__ = [
    "CLAIMS",
    "REFERENCE",
    "RULES",
    "Accuracy",
    "AmbiguityError",
    "Blame",
    "CheckedLine",
    "CheckedLines",
    "Claim",
    "CodeError",
    "Derivation",
    "Enclosure",
    "Evidence",
    "KinkError",
    "LatexError",
    "Model",
    "Need",
    "NoRuleAppliesError",
    "NotationError",
    "Program",
    "RangeError",
    "Reader",
    "Rule",
    "Step",
    "UndefinedError",
    "Verdict",
    "Witness",
    "__version__",
    "accuracy",
    "blame",
    "check",
    "check_lines",
    "derive",
    "enclosed",
    "equal",
    "needed",
    "program",
    "read_latex",
    "remainder_slopes",
    "stable_form",
]

if TYPE_CHECKING:
    from gradproof.checking import check
    from gradproof.checks.enclosure import Enclosure, enclosed
    from gradproof.checks.remainder import remainder_slopes
    from gradproof.claim import Claim
    from gradproof.code import CodeError, Program, program
    from gradproof.derivation import Derivation, NoRuleAppliesError, Step, derive
    from gradproof.model import Model
    from gradproof.needs import needed
    from gradproof.notation import NotationError, RangeError
    from gradproof.precision.accuracy import Accuracy, accuracy
    from gradproof.precision.stable import stable_form
    from gradproof.proof import equal
    from gradproof.reading import AmbiguityError, LatexError, Reader, read_latex
    from gradproof.reference import REFERENCE
    from gradproof.repair import Blame, blame
    from gradproof.rules import RULES, Rule
    from gradproof.sources import CLAIMS
    from gradproof.typed import CheckedLine, CheckedLines, check_lines
    from gradproof.values import KinkError, UndefinedError
    from gradproof.verdict import Evidence, Need, Verdict, Witness


def __getattr__(name: str) -> Any:
    if name in ("checks", "reference", "sources", "statements"):
        return import_module(f"gradproof.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'gradproof' has no attribute {name!r}")
    return getattr(import_module(f"gradproof.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
