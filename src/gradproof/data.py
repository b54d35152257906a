"""Results as plain data: what the command line prints with `--json`.

Every formula appears twice, as SymPy prints it and as LaTeX.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradproof.latex import to_latex
from gradproof.lines import derivative

if TYPE_CHECKING:
    from gradproof import claim as claims
    from gradproof.answer import Answer
    from gradproof.claim import Claim
    from gradproof.derivation import Derivation
    from gradproof.kinks import Kink
    from gradproof.reference import entry as entries
    from gradproof.reference.entry import Entry
    from gradproof.repair import Blame
    from gradproof.statements import Statement
    from gradproof.typed import CheckedLine
    from gradproof.verdict import Fault, Verdict, Witness

__all__ = [
    "claim_outline",
    "entry_outline",
    "of_checked",
    "of_claim",
    "of_derivation",
    "of_derived",
    "of_entry",
    "of_fault",
    "of_formula",
    "of_statement",
    "of_verdict",
    "of_witness",
    "rules_used",
]

Data = dict[str, Any]


def of_formula(e: Any) -> Data:
    """An expression or a relation."""
    return {"sympy": str(e), "latex": to_latex(e)}


def of_verdict(verdict: Verdict) -> Data:
    """The status, and what it rests on."""
    return {
        "status": verdict.status,
        "reason": verdict.reason,
        "assumptions": [of_formula(a) for a in verdict.assumptions],
        "witness": None if verdict.witness is None else of_witness(verdict.witness),
        "fault": None if verdict.fault is None else of_fault(verdict.fault),
        "needs": [
            {
                "assumption": of_formula(n.assumption),
                "status": n.status,
                "witness": None if n.witness is None else of_witness(n.witness),
            }
            for n in verdict.needs
        ],
        "evidence": [
            {"kind": e.kind, "outcome": e.outcome, "says": e.says, "rests_on": e.rests_on} for e in verdict.evidence
        ],
    }


def of_fault(fault: Fault) -> Data:
    """The two lines that are not equal, the rule that is said to lead from one to the other, and the likeliest slip."""
    return {
        "rule": fault.rule,
        "before": of_formula(fault.before),
        "after": of_formula(fault.after),
        "slip": fault.suspect(),
    }


def of_witness(witness: Witness) -> Data:
    """The point and both values; numbers are exact, as text."""
    return {
        "sizes": dict(witness.sizes),
        "values": {name: _nested(value) for name, value in witness.values.items()},
        "functions": dict(witness.functions),
        "left": witness.left,
        "right": witness.right,
        "text": str(witness),
    }


def _nested(value: Any) -> Any:
    return [_nested(v) for v in value] if isinstance(value, (tuple, list)) else str(value)


def of_derivation(derivation: Derivation) -> Data:
    """The steps, each with the line that it leads to; those of the adjoints that it uses come first."""
    return {
        "of": of_formula(derivation.loss if derivation.name is None else derivation.name),
        "loss": of_formula(derivation.loss),
        "wrt": of_formula(derivation.wrt),
        "gradient": of_formula(derivation.result),
        "steps": _lines(derivation.lines),
        "adjoints": [of_derivation(a) for a in derivation.adjoints],
        "notes": list(derivation.notes),
    }


def _lines(lines: Iterable[tuple[Any, str]]) -> list[Data]:
    return [{"rule": rule, **of_formula(line)} for line, rule in lines]


def of_statement(statement: Statement) -> Data:
    """What is stated, and for what it holds."""
    return {
        "kind": type(statement).__name__,
        "text": str(statement),
        "latex": statement.latex(),
        "scope": statement.scope(),
    }


def of_derived(answer: Answer) -> Data:
    """What `gradproof derive` found."""
    return {
        "status": answer.status,
        **of_derivation(answer.derivation),
        "kinks": [_kink(kink) for kink in answer.derivation.kinks],
        "matrix": answer.forms.latex,
        "code": answer.forms.code,
        "definitions": [of_formula(d) for d in answer.definitions],
        "verdict": of_verdict(answer.verdict),
        "read": list(answer.notes),
    }


def _kink(kink: Kink) -> Data:
    return {
        "where": of_formula(kink.where),
        "of": of_formula(kink.of),
        "jump": of_formula(kink.jump),
        "kind": kink.kind,
        "returned": [str(convention) for convention in kink.returned],
    }


def of_checked(answer: Answer) -> Data:
    """What `gradproof check` found."""
    if answer.statement is not None:
        return {
            "status": answer.status,
            "equation": of_statement(answer.statement),
            "definitions": [of_formula(d) for d in answer.definitions],
            "verdict": of_verdict(answer.verdict),
            "read": list(answer.notes),
        }
    checked = answer.checked
    return {
        "status": answer.status,
        "loss": of_formula(answer.loss),
        "wrt": of_formula(answer.wrt),
        "claimed": [of_formula(line) for line in answer.lines],
        "definitions": [of_formula(d) for d in answer.definitions],
        "verdict": of_verdict(answer.verdict),
        "lines": [] if checked is None else [_line(line) for line in checked.lines],
        "slip": None if answer.blame is None else _blame(answer.blame),
        "gradient": of_formula(answer.derivation.result),
        "read": list(answer.notes),
    }


def _line(line: CheckedLine) -> Data:
    return {"number": line.number, "status": line.verdict.status, "says": line.says}


def _blame(blame: Blame) -> Data:
    return {
        "kind": blame.kind,
        "says": blame.slip,
        "mended": of_formula(blame.mended),
        "assumption": None if blame.assumption is None else of_formula(blame.assumption),
    }


# --- what gradproof has decided itself ----------------------------------------------------
def claim_outline(claim: Claim) -> Data:
    """A claim of a source in a list."""
    return {
        "id": claim.id,
        "group": claim.id.partition(".")[0],
        "place": f"{claim.place} of “{claim.source.title}”",
        "source": {key: getattr(claim.source, key) for key in ("title", "author", "year", "url", "licence")},
        "title": claim.title,
        "says": claim.claimed or str(claim.statements[0]),
        "keywords": claim.keywords,
        "uses": list(claim.uses),
        "see": list(claim.see),
        "verdict": claim.kind,
    }


def entry_outline(entry: Entry, group: str, title: str) -> Data:
    """An entry of the reference in a list."""
    return {
        "id": entry.id,
        "group": group,
        "place": f"the reference of gradients, {title}",
        "source": None,
        "title": entry.title,
        "says": entry.title,
        "keywords": entry.keywords,
        "uses": list(entry.uses),
        "see": list(entry.see),
        "verdict": "holds",
    }


def rules_used(derivation: Derivation) -> Data:
    """What is derived, and how often each rule is applied on the way, that to its adjoints included."""
    count = Counter(step.rule.name for part in (*derivation.adjoints, derivation) for step in part.steps)
    of = derivation.loss if derivation.name is None else derivation.name
    return {"of": to_latex(derivative(of, derivation.wrt)), "rules": dict(count)}


def of_claim(claim: Claim, examined: claims.Examined | None = None) -> Data:
    """A claim of a source, decided; what was found of it may be given."""
    examined = examined or claim.examined()
    slips = zip(claim.slips, examined.slips, strict=True)
    return {
        **claim_outline(claim),
        "verdict": of_verdict(claim.judged(examined)),
        "kind": claim.kind,
        "claimed": claim.claimed,
        "printed": claim.printed,
        "definitions": _defined(d for s in claim.statements for d in getattr(s, "definitions", ())),
        "statements": _decided(claim.statements, examined.statements),
        "derivations": [of_derivation(d) for d in claim.derivations],
        "slips": [_slip(s.kind, s.place, s.reading, v, s.corrected or claim.statements[0], s.why) for s, v in slips],
        "remark": claim.remark,
    }


def of_entry(entry: Entry, group: str, title: str, examined: entries.Examined | None = None) -> Data:
    """An entry of the reference, decided, or as it was found; each gradient as a matrix and as NumPy code, where it has these forms."""
    examined = examined or entry.examined()
    wrong = [(statement, w) for statement, g in zip(entry.statements, entry.gradients, strict=True) for w in g.wrong]
    slips = zip(wrong, examined.slips, strict=True)
    return {
        **entry_outline(entry, group, title),
        "verdict": of_verdict(examined.joined()),
        "kind": "holds",
        "claimed": entry.about,
        "printed": "",
        "definitions": _defined(entry.definitions),
        "statements": [
            {**shown, "matrix": f.latex, "code": f.code}
            for shown, f in zip(_decided(entry.statements, examined.gradients), examined.forms, strict=True)
        ],
        "derivations": [of_derivation(s.derivation) for s in entry.statements if s.derivation is not None],
        "slips": [_slip("false", "", replace(s, right=w.formula), v, s, w.why) for (s, w), v in slips],
        "remark": entry.stability,
    }


def _defined(definitions: Iterable[Any]) -> list[Data]:
    return [of_formula(definition) for definition in dict.fromkeys(definitions)]


def _decided(statements: Iterable[Statement], verdicts: Iterable[Verdict]) -> list[Data]:
    return [{**of_statement(s), "status": v.status} for s, v in zip(statements, verdicts, strict=True)]


def _slip(kind: str, place: str, reading: Statement, found: Verdict, corrected: Statement, why: str) -> Data:
    return {
        "kind": kind,
        "place": place,
        "reading": of_statement(reading),
        "fails": found.shown(),
        "witness": None if found.witness is None else of_witness(found.witness),
        "corrected": of_statement(corrected),
        "why": why,
    }
