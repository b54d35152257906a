// Put questions to the live page's Python as it was packed, in Node; print the status of each answer on a line.
// node live_check.mjs FOLDER-OF-PYODIDE STDLIB.ZIP LIBRARIES ENGINE TYPESET.CJS QUESTION...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, stdlib, libraries, engine, typeset, ...questions] = process.argv.slice(2);
globalThis.require = createRequire(import.meta.url); // without it Pyodide asks for `ws`, which only sockets need
globalThis.katex = require(typeset);
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")));
const bytes = (path) => new Uint8Array(readFileSync(path));

try {
  const python = await loadPyodide({ indexURL: folder, stdLibURL: stdlib });
  python.pyimport("live_unpack").unpack(bytes(libraries), bytes(engine));
  const { answer } = python.pyimport("gradproof.live");
  for (const question of questions) console.log(JSON.parse(answer(question)).status);
} catch (error) {
  console.error(error.message); // Node would show a line of Pyodide, which is a whole file
  process.exitCode = 1;
}
