"""Which commands a certificate may give to Coq: those that state and prove, and none that could change what "proved" means.

Coq would believe an axiom, skip its guard checker, or load other code, if a file told it to.  The text of a certificate
is therefore read before Coq sees it, sentence by sentence, against a list of what is allowed; what is not on it is
refused, harmless or not.  Coq's own list of assumptions (axioms.py) is the second net.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradproof.formal.certificate import Certificate

__all__ = ["is_usual", "refusal", "sentences"]

_NAME = r"[A-Za-z_][A-Za-z0-9_']*"
#: of letters: integers, reals and functions between them; a proposition would be supposed without a word
_TYPE = r"(?:[ZR()\s]|->)+"
#: Outside a proof: the commands, each with the shape of its whole sentence.
_COMMANDS = {
    name: re.compile(rf"{name}\s+{shape}\.", re.DOTALL)
    for names, shape in (
        ("Module Section End", rf"{_NAME}"),
        ("Variable Variables", rf"(?:(?:\((?:\s*{_NAME})+\s*:{_TYPE}\)\s*)+|(?:{_NAME}\s+)+:{_TYPE})"),
        ("Hypothesis", rf"{_NAME}\s*:.*"),
        ("Definition", rf"{_NAME}(?=[\s:(]).*:=.*"),
        ("Theorem Lemma", rf"{_NAME}\s*:.*"),
    )
    for name in names.split()
}
_COMMENT = re.compile(r"\(\*((?:(?!\(\*|\*\)).)*)\*\)", re.DOTALL)
_END = re.compile(r"\.(?=\s|\Z)")
_BEFORE_TACTIC = re.compile(r"(?:[-+*{}\s]|(?:\d[\d,\s]*|all)\s*:(?!=))*")
_TACTIC = re.compile(r"[a-z(]")  # commands begin with capitals: none of them may stand inside a proof
#: What is refused wherever it stands, in a proof or out of it.
_REFUSED = {
    re.compile(r"#\["): "an attribute, which can switch a check off",
    re.compile(r"(?<![A-Za-z])native"): "native computation, which the kernel trusts without a check",
}
_OUTSIDE = {
    re.compile(r"\bltac\b"): "a tactic in a statement",
    re.compile(r"\(\*"): "a comment that is nested or not closed",
    re.compile(r"\*\)"): "a comment's end",
}
#: Names of Coq that a statement is read with; those of our library are found in its text.
_OF_COQ = (
    "R Z nat bool Prop Set Type True False not and or iff ex eq is_derive Derive is_lim continuous ln exp "
    "sqrt sin cos tan atan asin acos sinh cosh tanh PI Rabs Rmax Rmin Rpower Rsqr Rplus Rminus Rmult Rdiv "
    "Rinv Ropp Rlt Rle Rgt Rge pow powerRZ IZR INR Rbar RInt erf Rlt_dec Rle_dec Req_EM_T sign arcsinh "
)
#: what stands before a dot beside them: a module of this name would hide Coq's
_MODULES = frozenset(("Nat", "Pos", "N", "Q", "Coq", "Coquelicot", "Interval", "Gradproof"))
_DECLARES = re.compile(rf"^\s*(?:Definition|Fixpoint|Inductive|Record|Notation)\s+({_NAME})", re.MULTILINE)


def refusal(certificate: Certificate, library: str = "") -> str:
    """Why a certificate is not given to Coq; "" where nothing in it is suspicious.

    `library` is the text of our library: nothing that it defines may be given another meaning.
    """
    try:
        _read(certificate, frozenset(_DECLARES.findall(library)).union(_OF_COQ.split()))
    except _RefusedError as refused:
        return str(refused)
    return ""


def is_usual(sentence: str) -> bool:
    """Whether a sentence, as Coq itself found it in the text of a certificate, is one of those that certificates have."""
    said = _BEFORE_TACTIC.sub("", _COMMENT.sub(" ", sentence), count=1)
    command = _COMMANDS.get(re.split(r"\W", said, maxsplit=1)[0], _TACTIC)
    return not said or said in ("Proof.", "Qed.") or command.match(said) is not None


class _RefusedError(ValueError):
    """A certificate holds what no certificate needs."""


def sentences(text: str) -> Iterator[str]:
    """The sentences of a Coq text, without comments; raises ValueError for what is left after the last full stop."""
    bare = _COMMENT.sub(" ", text)
    start = 0
    for end in _END.finditer(bare):
        yield bare[start : end.end()].strip()
        start = end.end()
    if bare[start:].strip():
        raise _RefusedError(f"the text does not end with a full stop: {_short(bare[start:])}")


def _read(certificate: Certificate, meant: frozenset[str]) -> None:
    """Raise _RefusedError for the first thing that is not as it should be."""
    text = certificate.text()
    if '"' in text:
        raise _RefusedError("its text has a quotation mark, which could hide a part of it from this reading")
    bare = _COMMENT.sub(" ", text)
    for word, why in _REFUSED.items():
        if found := word.search(bare):
            raise _RefusedError(f"its text has {found[0]}: {why}")
    if odd := next((c for c in bare if not (c == "\n" or (c.isascii() and c.isprintable()) or c.isalnum())), ""):
        raise _RefusedError(f"its text has a character that could hide a part of it: {odd!r}")
    supposed: dict[str, dict[str, str]] = {}
    stated = dict(_stated(text, meant, supposed))
    theorems = dict(certificate.theorems)
    if not theorems:
        raise _RefusedError("it states no theorem")
    for name, theorem in theorems.items():
        if stated.get(name) != _plain(theorem.statement):
            raise _RefusedError(f"its text does not state the theorem {name} as the certificate has it")
    shown = {name: says for name, says in stated.items() if name in theorems and theorems[name].kind == "possible"}
    modules = {name.rpartition(".")[0] for name in shown}
    for hypotheses in supposed.values():
        if not any(all(shown.get(f"{m}.{name}") == says for name, says in hypotheses.items()) for m in modules):
            raise _RefusedError(
                "it has hypotheses, and no theorem that they are possible: impossible ones prove anything"
            )


def _stated(text: str, meant: frozenset[str], supposed: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Each theorem of a text, by its name outside of all modules; they stand in sections and modules of one module.

    `supposed` gets the hypotheses of each section by their names.
    """
    opened: list[tuple[str, str]] = []
    proving = False
    for place, sentence in enumerate(sentences(text)):
        if proving:
            said = sentence[_BEFORE_TACTIC.match(sentence).end() :]  # type: ignore[union-attr] # it matches nothing, too
            proving = said != "Qed."
            if proving and (not _TACTIC.match(said) or "(*" in said or "*)" in said):
                raise _RefusedError(f"it is no tactic: {_short(sentence)}")
            continue
        command = _command(sentence)
        if not opened and (place or command != "Module"):
            raise _RefusedError(f"it stands outside the certificate's module: {_short(sentence)}")
        name, in_section = _second(sentence), "Section" in dict(opened)
        match command:
            case "Module" | "Section":
                _fresh([name], meant | _MODULES)
                opened.append((command, name))
            case "End":
                if opened.pop()[1] != name:
                    raise _RefusedError(f"it ends what was not opened last: {_short(sentence)}")
            case "Proof":
                proving = True
            case "Variable" | "Variables" | "Hypothesis":
                if not in_section:
                    raise _RefusedError(f"outside a section it is an axiom: {_short(sentence)}")
                _fresh(_bound(sentence), meant)
                if command == "Hypothesis":
                    section = ".".join(outer for _, outer in opened)
                    supposed.setdefault(section, {})[name] = _says(sentence)
            case "Definition":
                _fresh([name], meant)
            case _:
                _fresh([name], meant)
                path = [outer for kind, outer in opened if kind == "Module"]
                yield ".".join([*path, name]), _says(sentence)
    if proving or opened:
        raise _RefusedError("a proof, a section or the module is not ended")


def _command(sentence: str) -> str:
    name = re.split(r"\W", sentence, maxsplit=1)[0]
    if sentence == "Proof.":
        return name
    if name not in _COMMANDS or not _COMMANDS[name].fullmatch(sentence):
        raise _RefusedError(f"no certificate needs this command: {_short(sentence)}")
    for word, why in _OUTSIDE.items():
        if word.search(sentence):
            raise _RefusedError(f"{why}: {_short(sentence)}")
    return name


def _fresh(names: Sequence[str], meant: frozenset[str]) -> None:
    for name in names:
        if name in meant:
            raise _RefusedError(f"it gives another meaning to {name}")


def _second(sentence: str) -> str:
    """The word behind a command, which is what it names; Proof has none."""
    return re.split(r"[\s:({.]+", sentence, maxsplit=2)[1]


def _bound(sentence: str) -> list[str]:
    """The names that a sentence such as `Variables (x y : Z -> R) (N : Z).` declares."""
    rest = re.split(r"\s+", sentence, maxsplit=1)[1]
    groups = re.findall(r"\(([^():]*):", rest) if rest.lstrip().startswith("(") else [rest.partition(":")[0]]
    return [name for group in groups for name in group.split()]


def _says(sentence: str) -> str:
    """What a theorem or a hypothesis says."""
    return _plain(sentence.partition(":")[2].removesuffix("."))


def _plain(text: str) -> str:
    return " ".join(_COMMENT.sub(" ", text).split())


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 80 else f"{plain[:77]}..."
