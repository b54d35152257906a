"""What no author writes: a page for each rule, every claim as JSON, llms.txt, and what the search finds a formula by.

All of it is made from the claims, the entries and the table of rules, none of it from HTML.  Nothing here knows MkDocs;
docs_hook.py adds the files to the build and puts the site's address where a text says `site-url:`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["files", "outlines", "search_entries", "searchable"]

Data = dict[str, Any]

READING = """\
A verdict is one of these. "proved": for every size and all values at which both sides are defined, under the assumptions
that are named. "refuted": false, with a point in exact numbers at which it fails. "undecided": neither was found.
A claim of a text "holds", or holds to an order as an approximation; a "misprint" is false as printed, while its text shows
what was meant; "false" is wrong in itself. The statement that is given is always one that holds and was proved: the claim, or
what was meant, or what holds in its place. Each formula was printed by the program that proved it, not typed.
"""
ABOUT = f"""\
> Gradients of machine learning, derived step by step in index notation, proved for every size, and published only when
> true; with the statements of four public texts, each proved or refuted.

{READING}
Each claim and entry is a JSON file: statements (SymPy, LaTeX), verdict with assumptions and evidence, derivation with the
rule of each step, slips with the point at which they fail, and "certificate": theorems for Coq, whether its kernel was found to
accept them ("status"), and the file with the proofs, beside which [the library](site-url:certificates/Gradproof.v) is needed.
"""
OPTIONAL = """\
## Optional

- [All of it in one file](site-url:llms-full.txt): statements, assumptions, definitions, slips
- [Index](site-url:claims/index.json): every claim and entry in short, as JSON
"""
#: How search weighs a formula's names beside titles (1000) and prose (1).
WEIGHT = 800
CODE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)


def files(docs: Path) -> dict[str, str]:
    """Every generated file, by its path: those that end in .md are pages, all others are published as they are."""
    made = {f"rules/{_slug(name)}.md": _rule(name) for name in _rules()}
    for identity in _ids():
        made[f"claims/{identity}.json"] = _json(_record(identity))
    made |= _certificates()
    made["claims/index.json"] = _json(outlines())
    made["llms.txt"] = _llms(docs)
    made["llms-full.txt"] = _llms_full()
    return made


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


# gradproof is imported where it is used: while the site is served, an edited module is read again
def _certificates() -> dict[str, str]:
    """What Coq checks: its library, and a file for each claim and entry that has a certificate."""
    from gradproof.formal import published

    return dict(published.files(_ids()))


def _ids() -> tuple[str, ...]:
    from gradproof.collection import IDS

    return IDS


def _record(identity: str) -> Data:
    """A claim or an entry, decided, as `gradproof show --json` has it."""
    from gradproof import page, reference, reference_page

    return reference_page.data(identity) if identity in reference.IDS else page.data(identity)


def _formula(record: Data) -> str:
    """The first statement as one line of text."""
    from gradproof.one_line import one_line

    return one_line(record["statements"][0]["latex"])


def outlines() -> list[Data]:
    """Every claim and entry in short: what `gradproof list --json` has, its formula, its rules, and where all of it stands."""
    from gradproof.collection import outline
    from gradproof.related import address, rules_used

    return [
        {
            **outline(identity),
            "formula": _formula(_record(identity)),
            "rules": dict(rules_used(identity).most_common()),
            "page": f"site-url:{address(identity)}",
            "data": f"site-url:claims/{identity}.json",
        }
        for identity in _ids()
    ]


# --- a page for each rule ----------------------------------------------------------------------
def _rules() -> tuple[str, ...]:
    from gradproof.rule_page import laws

    return tuple(laws())


def _slug(name: str) -> str:
    from gradproof.related import page_of_rule

    return page_of_rule(name).split("/")[1]


def _rule(name: str) -> str:
    """The page of a rule as Markdown, whose blocks print what was checked."""
    about = f"{_title(name)}: the law, proved; an example, worked; its lemma for Coq; and every gradient on this site that uses it."

    def block(function: str) -> str:
        code = f"from gradproof.rule_page import {function}\n\nprint({function}({name!r}))"
        return f'```python exec="on" html="on" id="{_slug(name)}-{function}"\n{code}\n```'

    return "\n\n".join(
        (
            f"---\ndescription: {json.dumps(about)}\n---",
            f"# {_title(name)}",
            block("law"),
            "One of [the rules](../rules.md) of which every derivation on this site is made.",
            "## An example",
            block("example"),
            "## In Coq",
            "[How to read it](../certificates.md#how-to-read-one)",
            block("in_coq"),
            "## Where it is used",
            block("used"),
            "",
        )
    )


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


# --- for programs that read: https://llmstxt.org -----------------------------------------------
def _llms(docs: Path) -> str:
    """An outline of the site: what it is, how to read a verdict, its pages, and a line for each claim and entry."""
    from gradproof import reference

    listed = outlines()
    claims = [row for row in listed if row["group"] not in reference.GROUPS]
    texts = dict.fromkeys(row["source"]["title"] for row in claims)
    parts = [
        "# gradproof",
        ABOUT.strip(),
        "\n".join(("## Pages", "", *_pages(docs))),
        *("\n".join((f"## {title}", "", *_lines(claims, title))) for title in texts),
        *(
            "\n".join((f"## {title}", "", *map(_line, (row for row in listed if row["group"] == group))))
            for group, (title, _) in reference.GROUPS.items()
        ),
        OPTIONAL.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def _lines(claims: list[Data], title: str) -> Iterator[str]:
    return (_line(row) for row in claims if row["source"]["title"] == title)


def _line(row: Data) -> str:
    return f"- [{row['title']}]({row['data']}): {row['formula']} ({row['verdict']})"


def _pages(docs: Path) -> Iterator[str]:
    """Each page that an author wrote, with its description."""
    for path in sorted(docs.rglob("*.md"), key=lambda p: (p.stem != "index", p.parent != docs, p)):
        text = path.read_text("utf-8")
        title, about = (re.search(rf"^{mark}(.+)$", text, re.MULTILINE) for mark in ("# ", "description: "))
        place = path.relative_to(docs).with_suffix("").as_posix().removesuffix("index")
        said = ": " + about[1].strip('" ') if about else ""
        yield f"- [{title[1] if title else path.stem}](site-url:{place}{'/' * bool(place)}){said}"


def _llms_full() -> str:
    """Every claim and entry with its statements, as text, LaTeX and SymPy."""
    about = "# gradproof: every claim and entry\n\n" + READING
    return "\n".join((about, *("\n".join(_told(row, _record(row["id"]))) + "\n" for row in outlines())))


def _told(row: Data, record: Data) -> Iterator[str]:
    from gradproof.one_line import one_line

    yield f"## {row['title']}\n"
    yield f"- id: {row['id']} ({row['place']})"
    yield f"- page: {row['page']}"
    if source := row["source"]:
        yield "- source: " + ", ".join(source[key] for key in ("author", "year", "url", "licence") if source[key])
    yield f"- verdict: {row['verdict']}"
    if record["claimed"]:
        yield f"- {'about' if source is None else 'claimed'}: {record['claimed']}"
    if record["printed"]:
        yield f"- as printed: {_flat(record['printed'])}"
    for statement in record["statements"]:
        scope = f" {statement['scope']}" if statement["scope"] else ""
        yield f"- {statement['status']}{scope}: {one_line(statement['latex'])}"
        yield f"  - LaTeX: {_flat(statement['latex'])}"
        yield f"  - SymPy: {_flat(statement['text'])}"
    if record["definitions"]:
        yield "- where: " + "; ".join(one_line(d["latex"]) for d in record["definitions"])
    if given := record["verdict"]["assumptions"]:
        yield "- assuming: " + "; ".join(one_line(a["latex"]) for a in given)
    for slip in record["slips"]:
        instead = one_line(slip["corrected"]["latex"])
        yield f"- not true{slip['place'] and ', ' + slip['place']}: {one_line(slip['reading']['latex'])}; fails: {slip['fails']}; instead: {instead}"


def _flat(text: str) -> str:
    return " ".join(text.split())


# --- search ------------------------------------------------------------------------------------
def search_entries() -> list[Data]:
    """What the search should find of each entry, claim and rule: its title, its formula, and the other names people type."""
    from gradproof.collection import outline
    from gradproof.one_line import one_line
    from gradproof.related import address, page_of_rule
    from gradproof.rule_page import laws

    found = []
    for identity in _ids():
        row, record = outline(identity), _record(identity)
        number = identity.partition(".")[2]
        numbered = f" ({number})" if number.replace(".", "").isdigit() else ""
        title, names = f"{row['title']}{numbered}", f"{row['keywords']} {identity} gradient derivative formula"
        found.append(_entry(address(identity), title, _formula(record), names, 3 if row["source"] is None else 2))
    return [
        *found,
        *(
            _entry(page_of_rule(n), _title(n), one_line(law), "rule of differentiation calculus", 2)
            for n, law in laws().items()
        ),
    ]


def _entry(place: str, title: str, formula: str, names: str, boost: int) -> Data:
    """One entry of the index.  boost: how it counts beside the prose that mentions it, which counts 1."""
    return {
        "location": place,
        "title": title,
        "text": f"<p>{escape(formula)}</p>",
        "keywords": names,
        "boost": round(boost * len(re.split(r"[\s-]+", title)) ** -0.15, 2),  # “ReLU” before “Leaky ReLU and PReLU”
    }


def searchable(index: str) -> str:
    """The search index of the built site (JSON) with these entries; what was found of a place before stands after it.

    Blocks of code are no part of it: they are a fifth of what a reader who searches has to load.
    """
    data = json.loads(index)
    for entry in data["docs"]:
        entry["text"] = CODE.sub("", entry["text"])
    data["config"].setdefault("fields", {})["keywords"] = {"boost": WEIGHT}
    before = {entry["location"]: entry for entry in data["docs"]}
    for entry in search_entries():
        if found := before.get(entry["location"]):
            found |= {**entry, "text": entry["text"] + found["text"]}
        else:
            data["docs"].append(entry)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
