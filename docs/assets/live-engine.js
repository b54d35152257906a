// window.gradproofEngine: gradproof itself in this browser.  Nothing is loaded before `start` or `ask` is called.
//
//   start(onProgress)  resolves when the engine is ready; onProgress({stage: "fetching"|"starting"|"ready", loaded, total})
//   ask(request)       the answer of gradproof.live to a request
//   stop()             ends whatever runs: the pending `ask` is rejected with an Error named "Stopped"

(() => {
  if (window.gradproofEngine) return; // instant navigation may run this script again
  const base = new URL("../", document.currentScript.src);
  const watchers = new Set();
  const pending = new Map(); // the questions without an answer, by their numbers
  let number = 0;
  let turn = 0; // counts the workers, so that what was ended before it began does not begin
  let worker = null;
  let ready = null;
  let giveUp = null; // rejects `ready`
  let seen = null;

  const fault = (message, name = "Error") => Object.assign(new Error(message), { name });

  function begin() {
    const mine = ++turn;
    ready = new Promise((resolve, reject) => {
      giveUp = reject;
      keeper().then(() => mine === turn && load(resolve));
    });
    ready.catch(() => {}); // told to whoever waits for it
    return ready;
  }

  function load(done) {
    const mine = new Worker(new URL("live/worker.js", base), { type: "module" });
    const failed = (why) => worker === mine && end(fault(`The engine could not be loaded: ${why}`));
    worker = mine;
    mine.onerror = (event) => failed(event.message || "is the site reachable?");
    mine.onmessage = ({ data }) => {
      if (worker !== mine) return;
      if (data.id !== undefined) return settle(data);
      if (data.stage === "failed") return failed(data.message);
      seen = data.stage === "ready" ? { ...seen, stage: "ready" } : data;
      for (const watch of watchers) watch(seen);
      if (data.stage !== "ready") return;
      keep(data.files);
      done();
    };
  }

  function settle({ id, answer, message, broken }) {
    const { resolve, reject } = pending.get(id);
    pending.delete(id);
    if (answer !== undefined) return resolve(JSON.parse(answer));
    reject(fault(`The engine failed: ${message}`));
    if (broken) restart(fault("The engine failed before it could answer."));
  }

  function end(error) {
    turn += 1;
    worker?.terminate();
    giveUp?.(error);
    worker = ready = giveUp = seen = null;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  function restart(error) {
    end(error);
    begin();
  }

  // Offline: a service worker keeps this page and the engine.  Where there can be none, all else works without.
  async function keeper() {
    if (!navigator.serviceWorker || navigator.serviceWorker.controller) return;
    const controlled = new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
    try {
      await navigator.serviceWorker.register(new URL("sw.js", base));
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
    ask(request) {
      return new Promise((resolve, reject) => {
        const id = ++number;
        pending.set(id, { resolve, reject });
        this.start().then(() => pending.has(id) && worker.postMessage({ id, request: JSON.stringify(request) }), reject);
      });
    },
    stop() {
      restart(fault("It was stopped.", "Stopped"));
    },
  };
})();
