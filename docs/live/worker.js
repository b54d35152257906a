// The engine in a thread of its own, which may be ended at any time.  It loads what the manifest names, all at once:
// Pyodide compiles while it arrives, and the rest is unpacked as soon as Python runs.

const home = new URL(".", import.meta.url);
const own = self.fetch.bind(self);

/** Fetch a file; count its bytes, and leave them as they are.  What is lost on the way is told by `lost`. */
async function counted(address, arrived, lost) {
  const response = await own(address);
  if (!response.ok) throw new Error(`${address} could not be loaded: ${response.status} ${response.statusText}`);
  const counter = new TransformStream({
    transform(chunk, controller) {
      arrived(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  response.body.pipeTo(counter.writable).catch(lost);
  return counter.readable;
}

async function start() {
  const manifest = await (await own(new URL("manifest.json", home), { cache: "no-cache" })).json();
  const base = new URL(manifest.base, home).href;
  const large = Object.keys(manifest.bytes).filter((name) => /\.(gzip|zstd)$/.test(name));
  const total = large.reduce((sum, name) => sum + manifest.bytes[name], 0);
  let loaded = 0;
  let lost;
  const broken = new Promise((_, reject) => (lost = reject)); // Pyodide would wait for ever
  const arrived = (bytes) => self.postMessage({ stage: "fetching", loaded: (loaded += bytes), total });
  const addresses = large.map((name) => new URL(name, home).href);
  const streams = new Map(addresses.map((address) => [address, counted(address, arrived, lost)]));
  for (const stream of streams.values()) stream.catch(lost);
  const buffer = async (address) => new Uint8Array(await new Response(await streams.get(address)).arrayBuffer());
  const packed = Promise.all([buffer(`${base}libraries.zip.zstd`), buffer(new URL(manifest.engine, home).href)]);
  packed.catch(lost);

  // Pyodide asks for its files by names of its own: they are here, gzipped.
  self.fetch = async (address, options) => {
    const stream = await streams.get(`${address}.gzip`);
    if (!stream) return own(address, options);
    const type = String(address).endsWith(".wasm") ? "application/wasm" : "application/zip";
    const unpacked = new DecompressionStream("gzip");
    stream.pipeTo(unpacked.writable).catch(lost);
    return new Response(unpacked.readable, { headers: { "Content-Type": type } });
  };
  const [{ loadPyodide }] = await Promise.all([import(`${base}pyodide.mjs`), import(`${base}typeset.js`)]);
  const begun = loadPyodide({
    indexURL: base,
    stdLibURL: `${base}stdlib.zip`,
    lockFileContents: { info: manifest.built_for, packages: {} }, // there is nothing to install
    packageBaseUrl: base,
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  const [python, files] = await Promise.race([Promise.all([begun, packed]), broken]);
  self.postMessage({ stage: "starting", loaded, total });
  python.pyimport("live_unpack").unpack(...files);
  const { answer } = python.pyimport("gradproof.live");
  answer('{"fields": {"loss": "w^2", "wrt": "w", "gradient": "2 w"}}'); // all that any question imports
  const names = ["worker.js", "manifest.json", ...Object.keys(manifest.bytes)];
  return { answer, files: names.map((name) => new URL(name, home).href) };
}

const engine = start();
engine.then(
  ({ files }) => self.postMessage({ stage: "ready", files }),
  (error) => self.postMessage({ stage: "failed", message: error.message }),
);

self.onmessage = async ({ data: { id, request } }) => {
  try {
    self.postMessage({ id, answer: (await engine).answer(request) });
  } catch (error) {
    // An error in Python leaves Python sound, and its last line says what happened; after any other it may not be used.
    const deep = error.name === "RangeError" ? "the formulas are nested too deeply for this browser" : "";
    const message = deep || String(error.message).trim().split("\n").at(-1);
    self.postMessage({ id, message, broken: error.name !== "PythonError" });
  }
};
