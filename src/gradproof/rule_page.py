"""The rules as HTML: the table of all, and for each its law, an example worked, and where on the site it is used.

As on the other pages, every formula is printed from what was checked.  The table of rules is that of `gradproof.rules`;
which derivations use a rule is counted in their steps.  Nothing imports the engine before the cache has been asked.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from gradproof import collection, reference, sources
from gradproof.cache import digest, engine_digest, remember
from gradproof.page import derivation, proved
from gradproof.pieces import display, inline, left_side, sign, slug, step_lines, tex
from gradproof.related import link, page_of_rule

if TYPE_CHECKING:
    from gradproof.derivation import Derivation
    from gradproof.rules import Rule

__all__ = ["Use", "example", "in_coq", "law", "laws", "rules_table", "used", "uses"]


class Use(NamedTuple):
    """One derivation that uses a rule: of which claim or entry, the how manieth, of what, and how often."""

    identity: str
    number: int
    of: str
    times: int


@cache
def laws() -> dict[str, str]:
    """The law of each rule as LaTeX, by the rule's name, in the order of the table."""
    kept = remember(
        digest("laws", engine_digest()), lambda: json.dumps({rule.name: tex(rule.law) for rule in _rules()})
    )
    found: dict[str, str] = json.loads(kept)
    return found


def _rules() -> tuple[Rule, ...]:
    from gradproof.rules import CHAIN_THROUGH, RULES, SUBSTITUTION, SUM_RULES

    return (*RULES, CHAIN_THROUGH, SUBSTITUTION, *SUM_RULES)


def _rule(name: str) -> Rule:
    """The rule of this name; raises KeyError, listing the known ones, for any other."""
    found = next((rule for rule in _rules() if rule.name == name), None)
    if found is None:
        raise KeyError(f"no rule has the name {name!r}; known are {', '.join(laws())}")
    return found


# --- the table ------------------------------------------------------------------------------
def rules_table() -> str:
    """Return the table of rules, each with its law and, where one line shows it, an example."""

    def make() -> str:
        head = '<tr><th scope="col">Rule</th><th scope="col">Law, and an example</th></tr>'
        rows = "".join(map(_row, _rules()))
        return f'<table class="gp-rules"><thead>{head}</thead><tbody>{rows}</tbody></table>'

    return remember(digest("rules", engine_digest()), make)


def _row(rule: Rule) -> str:
    """Return a rule's row; its law is proved, and its example derived and verified, as all else is."""
    derived = _derived(rule)
    shown = ""
    if derived is not None:
        proved(derived.verify(), f"the example of the {rule.name}", derived)
        shown = f'<div class="gp-instance">{display(left_side(derived), rule.name, derived.result)}</div>'
    page = f'<a href="site:{page_of_rule(rule.name)}">{escape(rule.name)}</a>'
    name = f'<th scope="row">{page}<small>{_verdict(rule)}</small></th>'
    return f'<tr id="{slug(rule.name)}">{name}<td>{_stated(rule)}{shown}</td></tr>'


def _stated(rule: Rule) -> str:
    """The law, and what its letters stand for."""
    return display(rule.law, rule.name) + (f"<small>{escape(rule.where)}</small>" if rule.where else "")


def _derived(rule: Rule) -> Derivation | None:
    """The example of a rule, derived, if it is one of a derivative and shows anything."""
    from gradproof.derivation import derive

    return derive(*rule.example) if len(set(rule.example)) == 2 else None


def _verdict(rule: Rule) -> str:
    """Return what is known of a law; a refuted one is an error.

    Three speak of a model's named quantities.  With no model at hand these are mere letters, and
    both sides of the chain rule are 0: a verdict would say nothing.
    """
    from gradproof.checks.steps import LineChecker
    from gradproof.rules import CHAIN_THROUGH, DEFINITION, SUBSTITUTION

    if rule.name in (CHAIN_THROUGH.name, DEFINITION.name, SUBSTITUTION.name):
        return "checked at each use"
    verdict = LineChecker(()).equal(*rule.law.args)
    if verdict.status == "refuted":
        proved(verdict, f"the law of the {rule.name}", rule.law)
    return sign(verdict.status)


# --- a page for each --------------------------------------------------------------------------
def law(name: str) -> str:
    """Return the law of a rule, with the verdict on it."""

    def make() -> str:
        rule = _rule(name)
        return f'<div class="gp-law">{_stated(rule)}<p class="gp-verdict">{_verdict(rule)}</p></div>'

    return remember(digest("law", name, engine_digest()), make)


def in_coq(name: str) -> str:
    """Return the lemmas that prove a rule in Coq, as the library of the certificates states them."""
    from gradproof.formal import shown

    lemmas = remember(digest("lemmas of a rule", name, engine_digest()), lambda: " ".join(_rule(name).lemmas))
    return shown.lemmas_of(lemmas.split())


def example(name: str) -> str:
    """Return an example of a rule, worked: its own, or else the site's shortest derivation that uses it."""
    found = min(uses(name), key=_length, default=None)
    where = "" if found is None else found.identity
    beneath = [engine_digest(), str(found), collection.rests_on(where) if where else ""]
    return remember(digest("example of a rule", name, *beneath), lambda: _worked(_rule(name), found))


def _worked(rule: Rule, found: Use | None) -> str:
    derived = _derived(rule)
    if derived is not None:
        return derivation(derived, "example")
    if len(rule.example) == 1:
        return _rewritten(rule)
    if found is None:
        return "<p>No derivation on this site uses it.</p>"
    derived = _found(found)
    parts = [part for part in (*derived.adjoints, derived) if part.steps]
    lines = "".join(step_lines(left_side(part), [(s.after, s.rule.name) for s in part.steps]) for part in parts)
    return f"<p>From {link(found.identity)}:</p>{lines}"


def _rewritten(rule: Rule) -> str:
    """A sum before and after; the rule must keep its value."""
    from sympy import Symbol

    from gradproof.checks.steps import LineChecker
    from gradproof.rules import Scope

    (total,) = rule.example
    after = rule.rewrite(total, Scope(Symbol("theta"), frozenset()))
    verdict = proved(LineChecker(()).equal(total, after), f"the example of the {rule.name}", after)
    return f'{display(total, rule.name, after)}<p class="gp-verdict">{sign(verdict.status)}</p>'


def _found(use: Use) -> Derivation:
    if use.identity in sources.IDS:
        return sources.CLAIMS[use.identity].derivations[use.number]
    statements = reference.REFERENCE[use.identity].statements
    return [s.derivation for s in statements if s.derivation is not None][use.number]


def uses(name: str) -> tuple[Use, ...]:
    """Every derivation of the site that uses a rule, in the order of the site."""
    return tuple(
        Use(identity, number, way["of"], way["rules"][name])
        for identity in collection.IDS
        for number, way in enumerate(collection.ways(identity)["derivations"])
        if name in way["rules"]
    )


def _length(use: Use) -> int:
    """The number of steps of a derivation."""
    return sum(collection.ways(use.identity)["derivations"][use.number]["rules"].values())


def used(name: str) -> str:
    """Return the table of all that uses a rule: what is derived, and how often the rule is applied on the way."""
    found = uses(name)
    if not found:
        return "<p>No derivation on this site uses it.</p>"
    identities = dict.fromkeys(use.identity for use in found)
    rows = "".join(_used_by(identity, [use for use in found if use.identity == identity]) for identity in identities)
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Claim or entry", "Derived", "Times"))
    every = sum(len(collection.ways(identity)["derivations"]) for identity in collection.IDS)
    times = sum(use.times for use in found)
    return (
        f"<p>Applied {times} time{'s' * (times != 1)}, in {len(found)} of the {every} derivations of this site.</p>"
        '<table class="gp-uses" data-sortable data-choices="kind=Where" data-search-exclude>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _used_by(identity: str, found: list[Use]) -> str:
    group = collection.group(identity)
    kind = reference.GROUPS[group][0] if identity in reference.IDS else "Claims of the texts"
    derived = "".join(f"<div>{inline(of)}</div>" for of in dict.fromkeys(use.of for use in found))
    times = sum(use.times for use in found)
    return (
        f'<tr data-kind="{escape(kind)}"><th scope="row">{link(identity)}</th><td>{derived}</td>'
        f'<td data-sort="{times}">{times}</td></tr>'
    )
