/* What the figures of gradproof.figures share: numbers, arrows, and handles for mouse, touch and keyboard.

   Python has drawn each figure whole; the scripts move the same parts.  figure-formulas.js holds the
   functions, printed from the formulas that were proved, and is loaded first; figure-moves.js says what
   moves in each figure, and is loaded last.  Nothing is animated: what moves, moves with the reader's hand. */
(() => {
  "use strict";

  const formulas = window.gradproofFigures;
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  // --- numbers: the same texts as gradproof/figures/numerals.py ------------------------------

  const powerOfTen = (exponent) =>
    exponent ? "10" + String(exponent).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])) : "1";

  const fixed = (value, digits) => {
    const text = value.toFixed(digits);
    return (Number(text) ? text : text.replace("-", "")).replace("-", "−");
  };

  const short = (value, digits) => {
    if (value === 0) return "0";
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    const exponent = Number(power);
    if (exponent > -4 && exponent < 5) return fixed(value, Math.max(0, digits - 1 - exponent));
    return `${mantissa} × ${powerOfTen(exponent)}`.replace("-", "−");
  };

  const write = (value, kind) => {
    const [name, digits] = kind.split(":");
    if (name === "fixed") return fixed(value, Number(digits));
    if (name === "short" || value >= 1e6) return short(value, Number(digits || 3));
    return fixed(value, 0).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  };

  // --- geometry ------------------------------------------------------------------------------

  const axis = ([low, high, start, end, log]) => {
    const f = log ? Math.log10 : (v) => v;
    const g = log ? (v) => Math.pow(10, v) : (v) => v;
    const scale = (end - start) / (f(high) - f(low));
    const to = (v) => start + (f(v) - f(low)) * scale;
    const from = (p) => g(f(low) + (p - start) / scale);
    return { low, high, start, end, to, from };
  };

  const line = (...points) => "M" + points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L");

  const arrow = (from, to) => line(from, to) + arrowhead(from, to);

  const arrowhead = ([x, y], [u, v]) => {
    const length = Math.hypot(u - x, v - y);
    if (length < 0.5) return line([u, v]);
    const head = Math.min(9, length) / length;
    const [p, q] = [(u - x) * head, (v - y) * head];
    return line([u - p + q / 2, v - q - p / 2], [u, v], [u - p - q / 2, v - q + p / 2]);
  };

  // --- a figure in the page ------------------------------------------------------------------

  class Figure {
    constructor(root) {
      this.root = root;
      this.state = JSON.parse(root.dataset.state);
      this.handles = [];
    }

    panel(name) {
      const [x, y] = JSON.parse(this.root.querySelector(`[data-panel="${name}"]`).dataset.axes).map(axis);
      return {
        x,
        y,
        at: (u, v) => [x.to(u), y.to(v)],
        from: (p, q) => [x.from(p), y.from(q)],
        cursor: (u) => line([x.to(u), y.end], [x.to(u), y.start]),
      };
    }

    set(part, attributes) {
      const node = this.root.querySelector(`[data-part="${part}"]`);
      for (const [name, value] of Object.entries(attributes)) {
        node.setAttribute(name, typeof value === "number" ? value.toFixed(1) : value);
      }
    }

    dot(part, [cx, cy]) {
      this.set(part, { cx, cy });
    }

    place(name, [x, y]) {
      for (const node of this.root.querySelectorAll(`[data-handle="${name}"]`)) {
        node.setAttribute("transform", `translate(${x.toFixed(1)},${y.toFixed(1)})`);
      }
    }

    /* Show numbers, and say them of the handles. */
    show(values) {
      const texts = {};
      for (const node of this.root.querySelectorAll("[data-value]")) {
        texts[node.dataset.value] = node.textContent = write(values[node.dataset.value], node.dataset.format);
      }
      for (const { node, now } of this.handles) {
        node.setAttribute("aria-valuenow", String(Number(now().toPrecision(6))));
        node.setAttribute("aria-valuetext", node.dataset.text.replace(/{([\w-]+)}/g, (_, name) => texts[name]));
      }
    }

    /* Let a handle move.
       drag(x, y): to a place in the drawing.  step(dx, dy): by arrow keys; a handle on a line gets one number.
       now: its value, between low and high. */
    handle(name, { drag, step, now, low, high, plane = false }) {
      const moved = (change) => (...values) => {
        change(...values);
        this.draw();
      };
      for (const node of this.root.querySelectorAll(`[data-handle="${name}"]`)) {
        const first = !this.handles.some((known) => known.name === name);
        if (first) this.reachable(node, { low, high, plane });
        this.handles.push({ name, node, now, drag: moved(drag) });
        draggable(node, moved(drag));
        node.addEventListener("keydown", (event) => {
          const [dx, dy] = KEYS[event.key] || [0, 0];
          const many = event.shiftKey ? 10 : 1;
          if (dx || dy) moved(step)(...(plane ? [dx * many, dy * many] : [(dx + dy) * many]));
          else if (!plane && event.key === "Home") moved(step)(-Infinity);
          else if (!plane && event.key === "End") moved(step)(Infinity);
          else return;
          event.preventDefault();
        });
      }
    }

    /* A click of the mouse fetches the nearest handle of that drawing; a finger may want to scroll. */
    clickable(svg) {
      svg.addEventListener("pointerdown", (event) => {
        if (event.pointerType !== "mouse" || event.button || event.target.closest(".gp-handle")) return;
        const at = placed(svg, event);
        const far = ({ node }) => Math.hypot(...position(node).map((c, n) => c - [at.x, at.y][n]));
        const [nearest] = this.handles.filter(({ node }) => svg.contains(node)).sort((a, b) => far(a) - far(b));
        if (nearest) nearest.drag(at.x, at.y);
      });
    }

    reachable(node, { low, high, plane }) {
      const told = { role: "slider", tabindex: 0, "aria-label": node.dataset.label };
      Object.assign(told, { "aria-valuemin": low, "aria-valuemax": high });
      if (plane) told["aria-roledescription"] = "point in the plane";
      for (const [key, value] of Object.entries(told)) node.setAttribute(key, value);
    }
  }

  const KEYS = {
    ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], PageUp: [0, 10], PageDown: [0, -10],
  };

  const position = (node) => node.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
  const placed = (svg, { clientX, clientY }) =>
    new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());

  const draggable = (node, drag) => {
    const svg = node.ownerSVGElement;
    let grip = null;
    node.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const [x, y] = position(node);
      const at = placed(svg, event);
      grip = [x - at.x, y - at.y];
      node.setPointerCapture(event.pointerId);
      if (node.hasAttribute("tabindex")) node.focus({ preventScroll: true });
      event.preventDefault();
    });
    node.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const at = placed(svg, event);
      drag(at.x + grip[0], at.y + grip[1]);
    });
    // A finger on a handle moves it and does not scroll: Chromium heeds touch-action only on the drawing as a whole.
    node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    for (const end of ["pointerup", "pointercancel"]) {
      node.addEventListener(end, () => {
        grip = null;
      });
    }
  };

  const run = (movers) => {
    for (const root of document.querySelectorAll("figure.gp-figure:not(.gp-live)")) {
      const figure = new Figure(root);
      figure.draw = movers[root.dataset.figure](figure);
      figure.draw();
      root.classList.add("gp-live");
      for (const svg of root.querySelectorAll(".gp-panels > svg")) {
        if (!svg.querySelector(".gp-handle")) continue;
        svg.setAttribute("role", "group");
        figure.clickable(svg);
      }
    }
  };

  const start = (movers) => {
    const now = () => run(movers);
    if (typeof document$ !== "undefined") document$.subscribe(now); // Material's instant navigation
    else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", now);
    else now();
  };

  formulas.tools = { arrow, arrowhead, clamp, line, start, write };
})();
