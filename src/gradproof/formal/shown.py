"""Certificates as HTML: beside a claim's evidence, in a table of all, and the parts of the library that pages quote.

The site says that Coq accepts a theorem only where that is known of its very text: see `published`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from html import escape
from typing import Any

from gradproof import collection, reference
from gradproof.checks.kernel import kernel_evidence
from gradproof.formal.axioms import INTEGERS, REAL_ANALYSIS
from gradproof.formal.certificate import Certificate, Part
from gradproof.formal.coqc import library_files, library_text
from gradproof.formal.emission import emitted
from gradproof.formal.published import FOLDER, Known, command, file_name, known
from gradproof.pieces import evidence_fold, sign
from gradproof.verdict import Evidence

__all__ = ["accepted", "axioms", "every", "evidence", "fold", "lemma", "lemmas_of", "rests_on", "summary", "trusted"]

LONGEST = 160  # characters of a reason

#: What a kind of theorem is, as the left column says it.
KINDS = {"holds": "Holds", "defined": "Well defined", "refuted": "Refuted"}


# --- beside a claim --------------------------------------------------------------------------
def rests_on(identity: str, found: Iterable[dict[str, Any]]) -> str:
    """Return what the verdict on a claim or an entry rests on, Coq's kernel included, and below it the certificate."""
    others = (Evidence(**one) for one in found)
    return evidence_fold((*others, *evidence(identity))) + fold(known(identity))


def evidence(identity: str) -> tuple[Evidence, ...]:
    """Coq's answer as evidence, where it accepts all of it; and that it could not run, where its answer is not known."""
    if known(identity).status not in ("accepted", "unchecked"):
        return ()
    return (kernel_evidence(emitted(identity)),)


def fold(found: Known) -> str:
    """Return statements and files, folded, or why there are none; "" where nothing could have a certificate."""
    if not found.shown:
        reasons = "; ".join(map(_short, found.reasons))
        return f'<p class="gp-uncertified">No formal certificate: {reasons}.</p>' if reasons else ""
    body = "".join(
        (
            '<p><a href="site:certificates/#how-to-read-one">How to read it</a></p>',
            f"<p>{_UNCHECKED}</p>" * (found.status == "unchecked"),
            *(f"<p>Without a certificate: {_short(reason)}.</p>" for reason in found.reasons),
            *_stated(found.shown),
            f'<details class="gp-script"><summary>The proof</summary><p>{_download(file_name(found))}</p></details>',
            f"<p>Check it, in a folder with {_names(found)}:</p>{_coq(command(found))}",
        )
    )
    return f'<details class="gp-fold gp-certificate"><summary>{_headline(found)}</summary>{body}</details>'


def _short(reason: str) -> str:
    """A reason, as long as one reads on; the whole of it is in the claim's JSON file."""
    return escape(reason if len(reason) <= LONGEST else f"{reason[: LONGEST - 1]}…", quote=False)


_UNCHECKED = "When this page was built, Coq’s answer to this text was not known, so nothing is claimed of it."


def _headline(found: Known) -> str:
    """Return what is known in one line; only here is it said that Coq accepts something."""
    slips = f"; {found.refuted} slip{'s' * (found.refuted != 1)} refuted" * bool(found.refuted)
    match found.status:
        case "accepted":
            scope = ", for every size" * found.every_size
            return f"Formal certificate: Coq’s kernel accepts it{scope}{slips}"
        case "in part":
            return f"Formal certificate: Coq’s kernel accepts a part of it{slips}"
        case _:
            return "Statement and proof for Coq, not checked in this build"


def _stated(certificates: Sequence[Certificate]) -> Iterator[str]:
    """Yield what certificates suppose and state, as Coq reads it, without proofs.

    What is supposed for every size is shown in full, once if several in turn suppose and state the same, as those of a
    claim and of its slip do; at a point, what differs from it.
    """
    before: list[Part] = []
    for certificate in certificates:
        general = [part for part in certificate.parts if part.general]
        if len(certificates) > 1:
            yield f'<p class="gp-module"><code>{certificate.module}</code></p>'
        if not general or general != before:
            for part in general:
                yield f"<p>Given:</p>{_coq(part.opening)}" * bool(part.opening.strip()) + _theorems(part)
        elif general:
            yield "<p>Given and proved as above.</p>"
        before = general
        yield from _points(certificate, {line for part in general for line in part.opening.splitlines()})


def _points(certificate: Certificate, above: set[str]) -> Iterator[str]:
    """Yield what is stated at points; that hypotheses can be met is only told of."""
    last = ""
    for part in certificate.parts:
        if part.general:
            continue
        if all(theorem.kind == "possible" for theorem in part.theorems):
            if any(theorem.name != "here" for theorem in part.theorems):  # something is supposed
                yield f"<p><strong>Can be met:</strong> the hypotheses are true at a point, <code>{part.name}</code> in the file</p>"
            continue
        given = "\n".join(line for line in part.opening.strip().splitlines() if line not in above)
        if given not in ("", last):
            yield f"<p>At a point{_AS_ABOVE * bool(above)}:</p>{_coq(given)}"
        last = given
        yield _theorems(part)


_AS_ABOVE = " that meets the hypotheses; what is not defined here is defined as above"


def _theorems(part: Part) -> str:
    """The theorems for which a part was made: at a point that refutes a formula, not what holds there besides."""
    refuted = [theorem for theorem in part.theorems if theorem.kind == "refuted"]
    chosen = refuted or [theorem for theorem in part.theorems if theorem.kind in KINDS]
    return "".join(
        f"<p><strong>{KINDS[one.kind]}:</strong> {escape(one.says, quote=False)}</p>"
        + _coq(f"Theorem {one.name} :\n  {one.statement}.")
        for one in chosen
    )


def _names(found: Known) -> str:
    *others, last = map(_download, (*library_files(), file_name(found)))
    return f"{', '.join(others)} and {last}"


def _download(name: str) -> str:
    return f'<a href="site:{FOLDER}/{name}" download>{name}</a>'


def _coq(text: str) -> str:
    """Return a text for Coq as it is: colours would make a page twice as long."""
    return f"<pre><code>{escape(text.strip(), quote=False)}</code></pre>"


# --- all of them ------------------------------------------------------------------------------
def summary() -> str:
    """Return what Coq's kernel accepts, counted, and of how much its answer is not known here."""
    absent = sum(known(identity).status == "unchecked" for identity in collection.IDS)
    asked = (
        f'<p class="gp-summary">When this site was built, Coq’s answer to the certificates of {absent} claims and entries was not known,'
        " and nothing is claimed of these: <code>nox -s formal</code> asks it.</p>"
    )
    return accepted() + asked * bool(absent)


def accepted() -> str:
    """Return one sentence with what Coq's kernel accepts; "" where nothing is known to be accepted."""
    found = [known(identity) for identity in collection.IDS]
    whole, some = ([one for one in found if one.status == status] for status in ("accepted", "in part"))
    if not whole:
        return ""
    partly = f", and {len(some)} have one for a part" * bool(some)
    theorems = sum(one.count for one in (*whole, *some))
    return (
        f'<p class="gp-summary">Of {len(found)} claims and entries, {len(whole)} have a formal certificate that Coq’s kernel'
        f" accepts{partly}: {theorems} theorems.</p>"
    )


def every() -> str:
    """Return the table of all claims and entries: how many theorems each has, whether Coq accepts them, and what is missing."""
    rows = "".join(map(_row, collection.IDS))
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Claim or entry", "Coq’s kernel", "Theorems"))
    return (
        '<table class="gp-uses" data-sortable data-choices="kind=Certificate" data-search-exclude>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


_SAID = {
    "accepted": sign("agrees", "Accepted"),
    "in part": sign("agrees", "A part accepted"),
    "unchecked": sign("missing", "Not checked in this build"),
    "rejected": sign("missing", "None"),
    "missing": sign("missing", "None"),
    "none": sign("missing", "None"),
}


def _row(identity: str) -> str:
    from gradproof.related import link

    found = known(identity)
    reasons = "; ".join(map(_short, found.reasons))
    said = _SAID[found.status] + (f"<small>{reasons}</small>" if reasons else "")
    where = f"<small>{_download(file_name(found))}</small>" if found.shown else ""
    kind = re.sub("<.*?>", "", _SAID[found.status]).partition(" ")[2]
    group = reference.GROUPS[collection.group(identity)][0] if identity in reference.IDS else "Claims of the texts"
    return (
        f'<tr data-kind="{kind}"><th scope="row">{link(identity)}<small>{escape(group)}</small></th>'
        f'<td>{said}</td><td data-sort="{found.count}">{found.count}{where}</td></tr>'
    )


# --- the library ------------------------------------------------------------------------------
_TRUSTED = re.compile(
    r"^\(\* -- what a reader must trust: these definitions -+ \*\)\n(.*?)^(?=Lemma|\(\* -- )", re.MULTILINE | re.DOTALL
)


def trusted() -> str:
    """Return the definitions of the library that a reader must trust, as they stand in it."""
    return code(_TRUSTED.search(library_text())[1])  # type: ignore[index] # a test looks for it


def lemma(name: str) -> str:
    """A lemma as the library states it, without its proof; "" if it has none of this name."""
    found = re.search(rf"^Lemma {re.escape(name)}\b.*?\.\n(?=Proof)", library_text(), re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def lemmas_of(names: Sequence[str]) -> str:
    """Return the lemmas that prove a rule in Coq, or that it has none."""
    stated = [text for name in names if (text := lemma(name))]
    if stated:
        return code("".join(stated))
    if names:
        return "<p>In a certificate this step needs no lemma: Coq puts the definition in by itself.</p>"
    return "<p>It has no lemma of its own.</p>"


def axioms() -> str:
    """Return what the theorems may rest on besides Coq's kernel, by name: the lists with which Coq's answers are compared."""
    items = "".join(f"<li><code>{escape(name)}</code>: {_AXIOMS[name]}</li>" for name in REAL_ANALYSIS)
    return (
        f"<ul>{items}</ul><p>A certificate with numbers may rest on the kernel’s integers of 63 bits as well:"
        f" {len(INTEGERS)} names, their operations and what is supposed of these.</p>"
    )


_AXIOMS = {
    "Classical_Prop.classic": "a proposition holds, or it does not",
    "ClassicalDedekindReals.sig_forall_dec": "a property of natural numbers that is decided for each holds for all, or fails for one that can be named",
    "ClassicalDedekindReals.sig_not_dec": "it is decided whether a negation holds",
    "FunctionalExtensionality.functional_extensionality_dep": "functions with the same values are the same",
}


@cache
def code(text: str) -> str:
    """Return a text for Coq with its syntax coloured, where Pygments is at hand."""
    try:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import get_lexer_by_name
    except ModuleNotFoundError:
        return f'<div class="highlight gp-coq"><pre><code>{escape(text)}</code></pre></div>'

    return str(highlight(text, get_lexer_by_name("coq"), HtmlFormatter(cssclass="highlight gp-coq", wrapcode=True)))
