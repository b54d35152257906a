/* What moves in each figure of gradproof.figures, and what it computes.

   The functions are those of figure-formulas.js, printed from the formulas that were proved; no
   formula of a figure is written here.  A mover takes a figure and returns what draws it anew. */
(() => {
  "use strict";

  const formulas = window.gradproofFigures;
  const { arrow, arrowhead, clamp, line, start } = formulas.tools;

  /* The surface, in either of the two figures that show it. */
  const relief = (figure) => {
    const svg = figure.root.querySelector('[data-panel="relief"]');
    const [a, b, c, d, e] = JSON.parse(svg.dataset.matrix);
    const [left, top] = JSON.parse(svg.dataset.origin);
    const floor = JSON.parse(svg.dataset.floor);
    const at = (x, y, z) => [left + a * x + b * y, top + c * x + d * y + e * z];
    return {
      at,
      ground: (x, y) => at(x, y, floor),
      /* Which point of the surface is drawn at a place: the height is put in again until it fits. */
      under(px, py, x, y, f) {
        for (let n = 0; n < 40; n += 1) {
          const [u, v] = [px - left, py - top - e * f(x, y)];
          const area = a * d - b * c;
          x += 0.5 * ((u * d - b * v) / area - x);
          y += 0.5 * ((a * v - c * u) / area - y);
        }
        return [x, y];
      },
    };
  };

  const onSurface = (figure, { value, gradient }) => {
    const { state } = figure;
    const space = relief(figure);
    const go = (x, y) => {
      state.x = clamp(x, -state.reach, state.reach);
      state.y = clamp(y, -state.reach, state.reach);
    };
    const show = () => {
      const { x, y } = state;
      const [Fx, Fy] = gradient(x, y);
      const F = value(x, y);
      const [over, foot] = [space.at(x, y, F), space.ground(x, y)];
      figure.set("drop", { d: line(over, foot) });
      figure.set("arrow", { d: arrow(foot, space.ground(x + Fx, y + Fy)) });
      figure.dot("foot", foot);
      figure.show({ x, y, F, Fx, Fy, length: Math.hypot(Fx, Fy) });
      return { x, y, Fx, Fy, over };
    };
    const point = (drag) => ({
      drag,
      step: (dx, dy) => go(state.x + dx * 0.05, state.y + dy * 0.05),
      now: () => state.x,
      low: -state.reach,
      high: state.reach,
      plane: true,
    });
    return { space, go, show, point };
  };

  const movers = {
    surface(figure) {
      const { state } = figure;
      const made = formulas.surface;
      const { space, go, show, point } = onSurface(figure, made);
      figure.handle("point", point((px, py) => go(...space.under(px, py, state.x, state.y, made.value))));
      return () => figure.place("point", show().over);
    },

    contour(figure) {
      const map = figure.panel("map");
      const { go, show, point } = onSurface(figure, formulas.surface);
      figure.handle("point", point((px, py) => go(...map.from(px, py))));
      return () => {
        const { x, y, Fx, Fy, over } = show();
        figure.dot("top", over);
        figure.set("flat-arrow", { d: arrow(map.at(x, y), map.at(x + Fx, y + Fy)) });
        figure.place("point", map.at(x, y));
      };
    },

    sigmoid(figure) {
      const { state } = figure;
      const { slope, gap } = formulas.sigmoid;
      const { at, from, y } = figure.panel("slopes");
      for (const name of ["first", "second"]) {
        const go = (x) => {
          state[name] = clamp(x, -state.reach, state.reach);
        };
        figure.handle(name, {
          drag: (px, py) => go(from(px, py)[0]),
          step: (dx) => go(Math.round((state[name] + dx * 0.1) * 100) / 100),
          now: () => state[name],
          low: -state.reach,
          high: state.reach,
        });
      }
      return () => {
        const { first, second } = state;
        const [middle, half] = [(first + second) / 2, (first - second) / 2];
        const [mean, over] = [(slope(first) + slope(second)) / 2, slope(middle)];
        const [ends, low, high] = [[first, second].map((x) => at(x, slope(x))), at(middle, mean), at(middle, over)];
        figure.set("drop", { d: line([high[0], y.start], high) });
        figure.set("chord", { d: line(...ends) });
        figure.set("gap", { d: line(low, high) });
        figure.set("mean", { x: low[0] - 4, y: low[1] - 4 });
        figure.dot("at", high);
        figure.place("first", ends[0]);
        figure.place("second", ends[1]);
        figure.show({ first, second, mean, at: over, gap: gap(middle, half) });
      };
    },

    taylor(figure) {
      const { state } = figure;
      const made = formulas.taylor;
      const [plain, errors] = [figure.panel("step"), figure.panel("errors")];
      const go = (step) => {
        state.step = clamp(step, state.least, state.most);
      };
      figure.handle("step", {
        drag: (px, py) => go(plain.from(px, py)[0]),
        step: (dx) => go(Math.round((state.step + dx * 0.01) * 100) / 100),
        now: () => state.step,
        low: state.least,
        high: state.most,
      });
      return () => {
        const { step } = state;
        const loss = made.loss(step);
        const numbers = { step };
        for (const name of ["first", "second", "misprint"]) {
          numbers[name] = Math.abs(made[name](step) - loss);
          figure.dot(name, plain.at(step, made[name](step)));
          const inside = made[name](step) >= plain.y.low && made[name](step) <= plain.y.high;
          figure.set(name, { visibility: inside ? "visible" : "hidden" });
          figure.dot(`${name}-error`, errors.at(step, numbers[name]));
        }
        figure.set("cursor", { d: plain.cursor(step) });
        figure.place("step", plain.at(step, loss));
        figure.show(numbers);
      };
    },

    circle(figure) {
      const { state } = figure;
      const made = formulas.circle;
      const { at, from, x, y } = figure.panel("bowl");
      const go = (u, v) => {
        state.u = clamp(u, x.low, x.high);
        state.v = clamp(v, y.low, y.high);
      };
      const reach = (length) => {
        state.length = clamp(length, state.least, state.most);
      };
      figure.handle("length", {
        drag: (px, py) => reach(Math.abs(from(px, py)[0] - state.u)),
        step: (dx) => reach(Math.round((state.length + dx * 0.05) * 100) / 100),
        now: () => state.length,
        low: state.least,
        high: state.most,
      });
      figure.handle("point", {
        drag: (px, py) => go(...from(px, py)),
        step: (dx, dy) => go(state.u + dx * 0.1, state.v + dy * 0.1),
        now: () => state.u,
        low: x.low,
        high: x.high,
        plane: true,
      });
      return () => {
        const { u, v, length } = state;
        const [p, q] = made.gradient(u, v);
        const norm = Math.hypot(p, q) || 1;
        const down = [(-length * p) / norm, (-length * q) / norm];
        const best = bestStep(made, [u, v], length);
        const cosine = (best[0] * down[0] + best[1] * down[1]) / (length * length);
        const [centre, rim] = [at(u, v), at(u + (u > 1 ? -length : length), v)]; // the rim's handle stays in sight
        figure.set("round", { cx: centre[0], cy: centre[1], r: Math.abs(rim[0] - centre[0]) });
        const downhill = at(u + down[0], v + down[1]);
        figure.set("down", { d: line(centre, downhill) });
        figure.set("down-head", { d: arrowhead(centre, downhill) });
        figure.set("best", { d: arrow(centre, at(u + best[0], v + best[1])) });
        figure.place("point", centre);
        figure.place("length", rim);
        figure.show({
          length, u, v,
          here: made.loss(u, v),
          down: made.loss(u + down[0], v + down[1]),
          best: made.loss(u + best[0], v + best[1]),
          turn: (Math.acos(clamp(cosine, -1, 1)) * 180) / Math.PI,
        });
      };
    },

    copies(figure) {
      const { state } = figure;
      const runs = ["equal", "random"].map((name) => [name, figure.panel(name), state[name]]);
      const last = (state.equal.length - 1) * state.every;
      const go = (step) => {
        state.step = clamp(Math.round(step / state.every) * state.every, 0, last);
      };
      figure.handle("step", {
        drag: (px, py) => go(runs[0][1].from(px, py)[0]),
        step: (dx) => go(state.step + dx * state.every),
        now: () => state.step,
        low: 0,
        high: last,
      });
      return () => {
        const numbers = { step: state.step };
        for (const [name, { at, cursor, y }, kept] of runs) {
          const weights = kept[state.step / state.every].slice();
          numbers[`${name}-loss`] = weights.pop();
          numbers[`${name}-apart`] = Math.max(...weights) - Math.min(...weights);
          weights.forEach((weight, unit) => figure.dot(`${name}-${unit}`, at(state.step, weight)));
          figure.set(`${name}-cursor`, { d: cursor(state.step) });
          figure.place("step", at(state.step, y.low));
        }
        figure.show(numbers);
      };
    },

    cost(figure) {
      const { state } = figure;
      const { parameters, backward, differences } = formulas.cost;
      const { at, cursor, x, y } = figure.panel("cost");
      const go = (width) => {
        state.width = clamp(Math.round(width), 1, state.widest);
      };
      const along = (k) => Math.pow(10, (Math.round(10 * Math.log10(state.width)) + k) / 10);
      figure.handle("width", {
        drag: (px) => go(Math.sqrt(x.from(px) / parameters(1))),
        step: (k) => go(Math.abs(k) === 1 && Math.abs(along(k) - state.width) < 1 ? state.width + k : along(k)),
        now: () => parameters(state.width),
        low: parameters(1),
        high: parameters(state.widest),
      });
      return () => {
        const n = parameters(state.width);
        const numbers = { n, backward: backward(state.width), differences: differences(state.width) };
        for (const name of ["backward", "differences"]) figure.dot(name, at(n, numbers[name]));
        figure.set("cursor", { d: cursor(n) });
        figure.place("width", at(n, y.low));
        figure.show({ ...numbers, ratio: numbers.differences / numbers.backward });
      };
    },
  };

  /* The step of a given length to the least loss in the bowl: best_step of gradproof/figures/circle.py. */
  const bestStep = (made, at, length) => {
    const [along, across] = made.parts(...at);
    let low = 0;
    let high = Math.hypot(along, across) / length;
    for (let n = 0; n < 100; n += 1) {
      const middle = (low + high) / 2;
      if (middle > 0 && made.squared(middle, along, across) > length * length) low = middle;
      else high = middle;
    }
    const steep = made.steep(high, across);
    const flat = Math.sqrt(Math.max(0, length * length - steep * steep));
    return made.step(along > 0 ? -flat : flat, steep);
  };

  formulas.tools.bestStep = bestStep;
  start(movers);
})();
