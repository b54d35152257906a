// Compile an archive of Python sources by Pyodide's own Python, in Node.
// node live_compile.mjs LIVE_COMPILE.PY FOLDER-OF-PYODIDE SOURCES TARGET plain|zstd
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [program, folder, source, target, form] = process.argv.slice(2);
globalThis.require = createRequire(import.meta.url); // without it Pyodide asks for `ws`, which only sockets need
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")));

try {
  const python = await loadPyodide({
    indexURL: folder,
    env: { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" }, // equal bytes every time; lines without columns
  });
  python.FS.writeFile("/source.zip", new Uint8Array(readFileSync(source)));
  python.runPython(readFileSync(program, "utf8"));
  python.globals.get("main")("/source.zip", "/target", form);
  writeFileSync(target, python.FS.readFile("/target"));
} catch (error) {
  console.error(error.message); // Node would show a line of Pyodide, which is a whole file
  process.exitCode = 1;
}
