/* What is looked for on an open page. Each function returns a list of sentences, one for each problem. */
({
  /* Formulas that a reader would see as source text, in red, or not at all. */
  formulas() {
    const found = Array.from(
      document.querySelectorAll(".katex-error"),
      (node) => `KaTeX failed: ${node.title || node.textContent}`,
    );
    for (const node of document.querySelectorAll("gp-tex")) {
      if (!node.querySelector(".katex-html")) found.push(`a formula has no drawing: ${node.textContent.slice(0, 80)}`);
    }
    const skipped = "script, style, template, noscript, code, pre, kbd, samp, textarea, annotation, .katex-html";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (/\\[a-zA-Z([{]|\$\$/.test(data) && !parentElement.closest(skipped))
        found.push(`raw TeX: ${data.trim().slice(0, 80)}`);
    }
    for (const face of document.fonts) // those of "Before …" are the machine's own, where it has them
      if (face.status === "error" && !/^"?Before /.test(face.family)) found.push(`the font ${face.family} was not loaded`);
    return found;
  },

  /* What reaches beyond the right edge of the window, where nothing scrolls but the page. */
  overflow() {
    const edge = document.documentElement.clientWidth;
    const beyond = document.documentElement.scrollWidth - edge;
    if (beyond <= 0) return [];
    const scrolls = (node) =>
      node && node !== document.body && (getComputedStyle(node).overflowX !== "visible" || scrolls(node.parentElement));
    const wide = Array.from(document.body.querySelectorAll("*")).filter(
      (node) => node.getBoundingClientRect().right > edge + 1 && !scrolls(node.parentElement),
    );
    const named = wide
      .slice(-3)
      .map(
        (node) =>
          `<${node.localName} class="${node.getAttribute("class") ?? ""}"> ${node.textContent.trim().slice(0, 60)}`,
      );
    return [`the page is ${beyond} px wider than the window: ${named.join("; ")}`];
  },

  /* On paper nothing can be scrolled: what does not fit is lost. */
  cut() {
    const found = [];
    for (const node of document.querySelectorAll("article *")) {
      if (node.closest(".katex, svg") || getComputedStyle(node).overflowX === "visible") continue;
      const lost = node.scrollWidth - node.clientWidth;
      if (node.clientWidth > 2 && lost > 1)
        found.push(
          `${lost} px are lost on paper: <${node.localName} class="${node.className}"> ${node.textContent.trim().slice(0, 60)}`,
        );
    }
    return found;
  },

  /* Number what a reader can use, so that a walk through the page can tell what it has not reached. */
  usable() {
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']");
    const shown = Array.from(all).filter((node) => {
      const { width, height } = node.getBoundingClientRect();
      const there = node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && width && height;
      return (
        there &&
        !node.disabled &&
        node.tabIndex >= 0 &&
        !node.closest("[inert]") &&
        !node.matches(".md-toggle, .md-option")
      );
    });
    shown.forEach((node, n) => (node.dataset.usable = n));
    return shown.map(
      (node) =>
        `<${node.localName} class="${node.getAttribute("class") ?? ""}"> ${(node.getAttribute("aria-label") || node.textContent).trim().slice(0, 50)}`,
    );
  },

  /* Where the focus is: the number of the part, or its name, and how it looks. */
  focus() {
    const node = document.activeElement;
    const seen =
      "outlineStyle outlineWidth outlineColor boxShadow backgroundColor color borderColor stroke strokeWidth textDecoration opacity";
    const look = (one) => {
      const style = getComputedStyle(one);
      return seen.split(" ").map((property) => style[property]).join();
    };
    const drawn = node.matches("[type=radio], [type=checkbox]") ? node.nextElementSibling : null; // by its label
    const looks = () =>
      [node, node.parentElement, drawn, ...Array.from(node.children)].filter(Boolean).map(look).join(";");
    const last = window.lastFocus;
    const unseen = last && last.node.isConnected && last.looks === last.again() ? [last.told] : [];
    const told = `<${node.localName} class="${node.getAttribute("class") ?? ""}"> ${node.textContent.trim().slice(0, 50)}`;
    const caret = node.matches("textarea, input:not([type=radio], [type=checkbox])"); // which blinks where one writes
    window.lastFocus = node === document.body || caret ? null : { node, told, looks: looks(), again: looks };
    return [node.dataset.usable ?? "", told, ...unseen];
  },

  /* Text that is cut off because its box hides what does not fit. */
  clipped() {
    const found = [];
    const hides = (how) => how === "hidden" || how === "clip";
    for (const node of document.querySelectorAll("article *")) {
      if (node.closest(".katex, svg") || !node.textContent.trim()) continue;
      const { overflowX, overflowY, position, fontSize } = getComputedStyle(node);
      const [width, height] = [node.clientWidth, node.clientHeight];
      if (width < 2 || height < 2 || position === "absolute") continue; // kept for those who hear the page
      const empty = parseFloat(fontSize) / 2; // KaTeX's boxes reach a little beyond their letters
      const cut =
        (hides(overflowX) && node.scrollWidth > width + 1) || (hides(overflowY) && node.scrollHeight > height + empty);
      if (cut)
        found.push(
          `text is cut off: <${node.localName} class="${node.className}"> ${node.textContent.trim().slice(0, 60)}`,
        );
    }
    return found;
  },

  /* Formulas and figures that say nothing to those who do not see them. */
  unspoken() {
    const found = [];
    for (const math of document.querySelectorAll(".katex-mathml math")) {
      const spoken = math.getAttribute("aria-label") ?? "";
      const source = math.querySelector("annotation")?.textContent ?? math.textContent;
      if (!spoken.trim()) found.push(`a formula has no spoken form: ${source.slice(0, 80)}`);
      else if (/[\\{}_^$]|undefined/.test(spoken))
        found.push(`the spoken form holds signs of TeX: ${spoken.slice(0, 80)}`);
    }
    for (const svg of document.querySelectorAll("article svg")) {
      if (svg.closest("[aria-hidden=true], button, .katex, .md-button, .md-icon, .twemoji")) continue;
      const name =
        svg.getAttribute("aria-label") ||
        svg.querySelector("title")?.textContent ||
        svg.getAttribute("aria-labelledby");
      if (!name) found.push(`a drawing has no text alternative: ${svg.outerHTML.slice(0, 80)}`);
    }
    for (const figure of document.querySelectorAll("article figure")) {
      if (!figure.querySelector("figcaption")?.textContent.trim())
        found.push(`a figure has no caption: ${figure.outerHTML.slice(0, 80)}`);
    }
    return found;
  },

  /* Where the links of the page lead, those of the site only. */
  links(address) {
    const all = Array.from(document.querySelectorAll("a[href]"), (link) => link.href);
    return Array.from(new Set(all.filter((href) => href.startsWith(address))));
  },

  /* Parts that move by themselves although the reader asked for none. */
  moving() {
    return document
      .getAnimations()
      .filter((one) => one.playState === "running" && one.effect.getComputedTiming().activeDuration > 1)
      .map(
        (one) =>
          `something moves: <${one.effect.target.localName} class="${one.effect.target.className}"> ${one.animationName ?? one.transitionProperty}`,
      );
  },

  /* Open all folds, so that what they hold is looked at too. */
  open() {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    return [];
  },

  /* One text of each kind, as paths for axe: those whose elements have the same names, classes and styles up to the root
     have the same colours, and to compare all ten thousand with their grounds takes a minute. */
  kinds() {
    const kinds = new Map([[document.documentElement, "html"]]);
    const numbers = new Map();
    const kind = (node) => {
      if (!kinds.has(node)) {
        const own = `${node.localName}.${node.getAttribute("class")}[${node.getAttribute("style")}]`;
        const key = `${kind(node.parentElement)} ${own}`;
        if (!numbers.has(key)) numbers.set(key, String(numbers.size));
        kinds.set(node, numbers.get(key));
      }
      return kinds.get(node);
    };
    const first = new Map();
    for (const node of document.body.querySelectorAll("*")) {
      const says = Array.from(node.childNodes).some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
      if (says && node.checkVisibility() && !first.has(kind(node))) first.set(kind(node), node);
    }
    return Array.from(first.values(), (node, n) => {
      node.dataset.kind ??= `text-${n}`;
      return `[data-kind="${node.dataset.kind}"]`;
    });
  },

  /* Give the formulas to axe as two letters each: it would look at each of their thousand boxes.
     The letters have the formula's colour, and the width of what may have to be scrolled; of one
     letter alone axe does not judge the contrast. */
  shorten() {
    const boxes = Array.from(document.querySelectorAll(".katex-html"));
    const widths = boxes.map((box) => (box.closest(".katex-display") ? box.scrollWidth : 0));
    boxes.forEach((box, n) => {
      const colours = box.querySelectorAll("[style*='color:']");
      box.replaceChildren("xx");
      for (const { style } of colours) {
        box.append(
          Object.assign(document.createElement("span"), { textContent: "xx", style: `color: ${style.color}` }),
        );
      }
      box.removeAttribute("aria-hidden"); // axe does not look at the colours of what is hidden from its readers
      if (widths[n]) box.style.cssText = `display: inline-block; width: ${widths[n]}px`;
    });
    for (const math of document.querySelectorAll(".katex-mathml math")) math.replaceChildren();
    return [];
  },
})
