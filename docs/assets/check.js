/* The live page: a form, the address's fragment that holds what stands in it, and the answers of gradproof.

   live-engine.js runs the program in a worker; nothing that is typed leaves the browser.  An answer is HTML that our own
   Python has made, in which everything that was typed is escaped.  One question runs at a time; it goes on, and is shown
   again, when the reader leaves the page by instant navigation and comes back. */
(() => {
  "use strict";

  const base = new URL("../", document.currentScript.src);
  const MEGA = 1e6;
  const TITLES = { proved: "Proved", refuted: "Refuted", undecided: "Undecided", derived: "Derived", input: "Not understood" };

  let page = null; // the elements of the page, while it is shown
  let run = null; // the question that was asked last, and what is known of it
  let ready = false; // whether the program has been loaded
  let bytes = 0; // that it has, as far as this is known
  let last = Promise.resolve(); // when the engine has done what was asked so far
  let ticking = 0;

  const engine = () => window.gradproofEngine;
  const part = (name) => document.getElementById(`check-${name}`);

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const button = (textContent, follow, className = "gp-quiet-button") => {
    const made = element("button", { type: "button", className, textContent });
    made.addEventListener("click", () => follow(made));
    return made;
  };

  // --- the form, and the fragment -----------------------------------------------------------

  // Those of the other kind of question are disabled.
  const controls = () => Array.from(page.form.querySelectorAll("textarea, input, select"));

  // The pairs of the fragment; a field that may be given several times has one value to a line.
  function typed() {
    const pairs = new URLSearchParams();
    if (page.claim) pairs.append("claim", page.claim);
    else
      for (const control of controls().filter((one) => !one.matches(":disabled"))) {
        const values = "several" in control.dataset ? control.value.split("\n") : [control.value];
        for (const value of values) if (value.trim()) pairs.append(control.name, value.trim());
      }
    return pairs.toString();
  }

  function request(fragment) {
    const pairs = new URLSearchParams(fragment);
    if (pairs.has("claim")) return { claim: pairs.get("claim") };
    return { fields: Object.fromEntries(Array.from(new Set(pairs.keys()), (name) => [name, pairs.getAll(name)])) };
  }

  // Put a fragment into the form; returns whether it was a question.
  function fill(fragment) {
    const pairs = new URLSearchParams(fragment);
    const names = new Set(controls().map((control) => control.name));
    const known = Array.from(pairs.keys()).filter((name) => names.has(name) || name === "claim");
    if (!known.length) return false;
    page.claim = pairs.get("claim") ?? "";
    ofEquation(pairs.has("equation"));
    for (const control of controls()) {
      const values = pairs.getAll(control.name);
      const several = "several" in control.dataset;
      control.value = (several ? values.map((value) => value.replace(/\s*\n\s*/g, " ")) : values).join("\n");
      grow(control);
    }
    const strange = Array.from(pairs.keys()).filter((name) => !known.includes(name));
    say(strange.length ? `The link names fields that do not exist: ${strange.join(", ")}.` : "");
    page.more.open = Array.from(page.more.querySelectorAll("textarea, select")).some((control) => control.value);
    label();
    return true;
  }

  // A question is a loss with its gradient, or an equation.
  function ofEquation(is) {
    for (const [name, hidden] of [["of-gradient", is], ["of-equation", !is]]) part(name).hidden = part(name).disabled = hidden;
    part("other").textContent = is ? "A loss and its gradient instead" : "An equation instead";
  }

  const isEquation = () => !part("of-equation").disabled;

  const grow = (control) => {
    if (control.rows) control.rows = Math.max(control.defaultRows ?? (control.defaultRows = control.rows), control.value.split("\n").length);
  };

  // What the buttons say, and what of the form is shown.
  function label() {
    const busy = running();
    page.claimNote.hidden = !page.claim;
    page.fields.hidden = Boolean(page.claim);
    if (page.claim)
      page.claimNote.replaceChildren(
        "The claim ", element("code", { textContent: page.claim }), " is decided as it stands. ",
        element("a", { href: "#loss=", textContent: "Ask a question of your own" }),
      ); // prettier-ignore
    const size = bytes ? ` (${(bytes / MEGA).toFixed(0)} MB)` : "";
    const claims = isEquation() || page.form.elements.gradient.value.trim();
    const asks = page.claim ? "Prove it" : claims || !page.form.elements.loss.value.trim() ? "Check" : "Derive";
    page.ask.textContent = ready ? asks : `Load gradproof${size} and ${asks.toLowerCase()}`;
    part("other").hidden = Boolean(page.claim);
    page.ask.disabled = busy;
    page.stop.hidden = !running() && !run?.waiting;
    page.load.hidden = ready;
  }

  const say = (text) => {
    if (page && page.status.textContent !== text) page.status.textContent = text;
  };

  // --- asking -------------------------------------------------------------------------------

  const running = () => Boolean(run && !run.answer && !run.error);

  function missing() {
    if (page.claim) return false;
    const { loss, wrt, gradient, equation } = page.form.elements;
    equation.setCustomValidity(equation.value.trim() ? "" : "Type an equation, A = B.");
    loss.setCustomValidity(loss.value.trim() ? "" : "Type a loss, or choose an example.");
    wrt.setCustomValidity(
      wrt.value.trim() || gradient.value.trim() ? "" : "Name the variable, such as w or w_{kj}.",
    );
    return !page.form.reportValidity();
  }

  function ask() {
    if (running() || missing()) return;
    const fragment = typed();
    if (location.hash.slice(1) !== fragment) history.replaceState(history.state, "", `#${fragment}`);
    answer(fragment);
  }

  async function answer(fragment) {
    for (const control of controls()) control.removeAttribute("aria-invalid");
    const before = last;
    let finished;
    last = new Promise((resolve) => (finished = resolve));
    const stage = !ready ? "Loading the program" : run?.waiting ? "Finishing what was asked before" : "Deciding";
    const mine = (run = { fragment, begun: performance.now(), stage, waiting: true });
    show(true);
    try {
      if (!engine()) throw new Error("The program could not be loaded.");
      await engine().start(loading);
      ready = true;
      await before;
      if (mine.stopped) return;
      Object.assign(mine, { progress: null, stage: "Deciding", begun: performance.now() });
      show();
      const question = request(fragment);
      mine.answer = await engine().ask({ ...question, quick: true });
      mine.decided = (performance.now() - mine.begun) / 1000;
      show(true);
      if (mine.answer.more) {
        mine.stage = "Checking each step";
        show();
        mine.answer = mine.whole = await engine().ask(question);
      }
    } catch (error) {
      mine.error = error.name === "Stopped" ? "Stopped." : error.message;
    } finally {
      mine.waiting = false;
      mine.took = (performance.now() - mine.begun) / 1000;
      finished();
      show();
    }
  }

  // What the engine tells while it is fetched and started, after a question was stopped as well.
  function loading(progress) {
    if (!run?.waiting || run.answer || progress.stage === "ready") return;
    run.progress = progress;
    run.stage = progress.stage === "fetching" ? "Loading the program" : "Starting the program";
    show();
  }

  function stop() {
    if (!run?.waiting) return;
    run.stopped = true;
    if (ready) engine().stop();
    else {
      run.error = "Stopped.";
      run.waiting = false;
      show();
    }
  }

  // --- showing ------------------------------------------------------------------------------

  // Show what is known of the question; focus: whether the reader waits for it.
  function show(focus = false) {
    if (!page || !run) return;
    label();
    const { progress, waiting } = run;
    page.progress.hidden = !waiting;
    if (progress?.total) {
      page.bar.max = progress.total;
      page.bar.value = progress.loaded;
    } else page.bar.removeAttribute("value");
    tick();
    if (waiting && !ticking) ticking = setInterval(tick, 250);
    say(told());
    if (run.answer) put(run.answer, focus);
    const unfinished = run.error && page.answer.querySelector(".gp-waiting");
    if (unfinished) unfinished.textContent = "The steps were not checked.";
    if (!run.answer && focus) page.answer.hidden = true;
  }

  // In a line: what is being done, or what was found and how long it took.
  function told() {
    const { answer, waiting, stage, error, decided, took } = run;
    if (!answer) return waiting ? `${stage} …` : error;
    const verdict = `${TITLES[answer.status]}, in ${decided.toFixed(1)} s`;
    if (waiting) return `${verdict}. ${stage} …`;
    if (error) return `${verdict}. ${error}`;
    return run.whole ? `${verdict}; all steps were checked in ${took.toFixed(1)} s.` : `${verdict}.`;
  }

  // How much will be loaded: the sizes that the build wrote down.
  async function size() {
    if (bytes || ready) return;
    try {
      const manifest = await (await fetch(new URL("live/manifest.json", base))).json();
      bytes = Object.values(manifest.bytes).reduce((sum, one) => sum + one, 0);
    } catch {
      return; // the button does not say it, then
    }
    if (page) label();
  }

  function tick() {
    if (!page || !run?.waiting) {
      clearInterval(ticking);
      ticking = 0;
      return;
    }
    const { loaded = 0, total = 0 } = run.progress ?? {};
    const share = total ? `${(loaded / MEGA).toFixed(1)} of ${(total / MEGA).toFixed(1)} MB, ` : "";
    page.time.textContent = `${share}${((performance.now() - run.begun) / 1000).toFixed(0)} s`;
  }

  function put(found, focus) {
    if (page.shown === found) return;
    const made = element("template", { innerHTML: found.html }).content;
    const parts = (root) => Array.from(root.querySelectorAll("[data-stage]"));
    const old = parts(page.answer);
    enliven(made, found);
    if (run.whole === found && page.shownRun === run && old.length) {
      // The second stage: change what it changes, and leave what the reader has opened as it is.
      for (const place of parts(made)) {
        const before = old.find((one) => one.dataset.stage === place.dataset.stage);
        if (before && before.textContent !== place.textContent) before.replaceWith(place);
      }
      page.answer.firstElementChild.className = made.firstElementChild?.className ?? page.answer.firstElementChild.className;
    } else {
      page.answer.replaceChildren(made);
      page.answer.hidden = false;
      if (focus) {
        page.answer.scrollIntoView({ block: "start" });
        document.getElementById("answer-title")?.focus({ preventScroll: true });
      }
    }
    page.shown = found;
    page.shownRun = run;
  }

  function enliven(made, found) {
    for (const link of made.querySelectorAll("a[href]")) {
      const href = link.getAttribute("href");
      if (href.startsWith("site:")) link.href = new URL(href.slice(5), base);
      else if (href.startsWith("#")) link.href = `#${new URLSearchParams({ claim: href.slice(1) })}`;
    }
    for (const block of made.querySelectorAll(".highlight")) {
      const code = block.querySelector("code");
      if (code.textContent.includes("site-url:")) code.textContent = code.textContent.replaceAll("site-url:", base.href);
      code.tabIndex = 0; // what scrolls must be reached by keyboard
      block.prepend(button("Copy", (it) => copy(code.textContent, it), "gp-copy"));
    }
    const append = (to, ...buttons) => to?.append(element("p", { className: "gp-buttons" }, ...buttons));
    const forms = made.querySelector('[data-stage="forms"]');
    if (forms && found.data) append(forms, button("Copy as JSON", (it) => copy(JSON.stringify(found.data, null, 1), it)));
    // What an error advises is done by one click, and asked again.
    const helps = Object.entries(found.declare ?? {}).map((pair) =>
      button(`Declare ${pair.join(": ")}`, () => {
        fill(`${typed()}&${new URLSearchParams([pair])}`);
        ask();
      }),
    );
    if (found.place?.field) {
      page.form.elements[found.place.field].setAttribute("aria-invalid", "true");
      helps.push(button("Go to the place", () => goTo(found.place)));
    }
    if (helps.length) append(made.querySelector("article"), ...helps);
  }

  // Select the place that was not understood.
  function goTo({ field, number, column }) {
    const control = page.form.elements[field];
    if (page.more.contains(control)) page.more.open = true;
    const lines = "several" in control.dataset ? control.value.split("\n") : [control.value];
    let start = 0;
    for (let n = 0, seen = 0; n < lines.length; start += lines[n].length + 1, n += 1)
      if (lines[n].trim() && seen++ === number) {
        start += lines[n].length - lines[n].trimStart().length;
        break;
      }
    control.focus();
    control.setSelectionRange(start + column, start + column + 1);
  }

  async function copy(text, button) {
    const label = (button.dataset.label ??= button.textContent);
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying is not allowed here";
    }
    setTimeout(() => (button.textContent = label), 2000);
  }

  // --- the page -----------------------------------------------------------------------------

  function changed() {
    if (!page) return;
    if (!fill(location.hash.slice(1))) return;
    if (run?.fragment === typed()) show();
    else if (ready && !running()) ask();
    else page.answer.hidden = true;
  }

  function start() {
    const form = part("form");
    if (!form) {
      page = null;
      return;
    }
    if (page?.form === form) return;
    page = { form, fields: part("fields"), more: part("more"), ask: part("ask"), stop: part("stop"), load: part("load"), progress: part("progress"),
      bar: part("bar"), time: part("time"), status: part("status"), answer: part("answer"), claimNote: part("claim"), claim: "" }; // prettier-ignore
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask();
    });
    form.addEventListener("input", (event) => {
      event.target.setCustomValidity?.("");
      event.target.removeAttribute("aria-invalid");
      if (event.target.name) grow(event.target);
      label();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
    });
    page.stop.addEventListener("click", stop);
    part("link").addEventListener("click", (event) => {
      const fragment = typed();
      history.replaceState(history.state, "", `#${fragment}`);
      copy(location.href, event.currentTarget);
    });
    part("other").addEventListener("click", () => {
      ofEquation(!isEquation());
      label();
    });
    part("clear").addEventListener("click", () => {
      if (!running()) run = null;
      page.claim = "";
      for (const control of controls()) control.value = "";
      page.answer.hidden = true;
      history.replaceState(history.state, "", location.pathname + location.search);
      say("");
      label();
      form.elements.loss.focus();
    });
    label();
    size();
    // Back on the page: what the address asks, or what was asked last.
    if (run && !location.hash.includes("=")) history.replaceState(history.state, "", `#${run.fragment}`);
    changed();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && page && run?.waiting) stop();
  });
  window.addEventListener("hashchange", changed);
  // Instant navigation would load the page anew for a link that only changes the question, and tell nobody.
  const followed = (event) => {
    const link = event.target.closest?.("a[href]");
    const plain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!page || !link || !plain || link.pathname !== location.pathname || !link.hash.includes("=")) return;
    event.preventDefault();
    event.stopPropagation();
    if (location.hash === link.hash) changed();
    else location.hash = link.hash;
  };
  document.addEventListener("click", followed, { capture: true });
  if (window.document$) window.document$.subscribe(start); // Material's instant navigation
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
