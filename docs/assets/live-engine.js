// window.gradproofEngine: gradproof itself in this browser.  Nothing is loaded before `start` or `ask` is called.
//
//   start(onProgress)  resolves when the engine is ready; onProgress({stage: "fetching"|"starting"|"ready", loaded, total})
//   ask(request)       the answer of gradproof.live to a request
//   stop()             ends whatever runs: the pending `ask` is rejected with an Error named "Stopped"

(() => {
  if (window.gradproofEngine) return; // instant navigation may run this script again
  const base = new URL("../", document.currentScript.src);
  const watchers = new Set();
  const pending = new Map();
  let worker = null;
  let ready = null;
  let seen = null;
  let number = 0;

  const fault = (message, name = "Error") => Object.assign(new Error(message), { name });

  function end(error) {
    worker?.terminate();
    worker = ready = seen = null;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  function begin() {
    ready = keeper().then(
      () =>
        new Promise((resolve, reject) => {
          const started = new Worker(new URL("live/worker.js", base), { type: "module" });
          const failed = (message) => {
            if (worker !== started) return; // it was stopped
            const error = fault(message);
            end(error);
            reject(error);
          };
          worker = started;
          started.onerror = (event) => failed(`The engine could not be loaded: ${event.message || "is the site reachable?"}`);
          started.onmessage = ({ data }) => {
            if (data.id !== undefined) return settle(data);
            if (data.stage === "failed") return failed(`The engine could not be loaded: ${data.message}`);
            const done = data.stage === "ready";
            seen = done ? { ...seen, stage: data.stage } : data;
            for (const watch of watchers) watch(seen);
            if (done) keep(data.files);
            if (done) resolve();
          };
        }),
    );
    ready.catch(() => {}); // told to whoever waits for it
    return ready;
  }

  function settle({ id, answer, message, broken }) {
    const { resolve, reject } = pending.get(id) ?? {};
    pending.delete(id);
    if (answer !== undefined) return resolve?.(JSON.parse(answer));
    reject?.(fault(`The engine failed: ${message}`));
    if (broken) restart(fault("The engine failed before it could answer."));
  }

  function restart(error) {
    end(error);
    begin();
  }

  // Offline: a service worker keeps this page and the engine.  Where there can be none, all else works without.
  async function keeper() {
    if (!navigator.serviceWorker || navigator.serviceWorker.controller) return;
    try {
      await navigator.serviceWorker.register(new URL("sw.js", base));
      const controlled = new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
      await Promise.race([controlled, new Promise((done) => setTimeout(done, 1500))]);
    } catch {
      // a browser or a server that allows none
    }
  }

  function keep(files) {
    const loaded = performance.getEntriesByType("resource").filter(({ initiatorType }) => !/fetch|xml/.test(initiatorType));
    const own = loaded.map(({ name }) => name).filter((address) => address.startsWith(base.href));
    const page = location.href.replace(/[?#].*/, "");
    navigator.serviceWorker?.controller?.postMessage({ keep: [...new Set([page, ...own, ...files])] });
  }

  window.gradproofEngine = {
    start(onProgress) {
      if (onProgress) {
        watchers.add(onProgress);
        if (seen) onProgress(seen);
      }
      return ready ?? begin();
    },
    async ask(request) {
      await this.start();
      const asked = worker;
      return new Promise((resolve, reject) => {
        const id = ++number;
        pending.set(id, { resolve, reject });
        asked.postMessage({ id, request: JSON.stringify(request) });
      });
    },
    stop() {
      restart(fault("It was stopped.", "Stopped"));
    },
  };
})();
