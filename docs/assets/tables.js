// Tables that can be sorted and filtered. Without this script they are complete, in the order of the sources.
//
// A row has its values in data-*: data-choices names those of which one can be chosen ("kind=Group;shape=Gradient is"), and
// data-marks the words of data-has that can be asked for ("matrix=matrix form;kinks=kinks"). What is asked of the first table of
// a page stands in the address, behind the #, so that a filtered table can be linked to.
(() => {
  const collator = new Intl.Collator("en", { numeric: true });
  let shared = null; // the first table of the page at hand, and what reads the address for it

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // What a reader sees of a cell; KaTeX holds each formula twice, the second time as boxes.
  const text = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.classList?.contains("katex-html")) return "";
    return Array.from(node.childNodes, text).join(" ");
  };

  // "Cross-entropy" is found by "cross entropy", "Kullback–Leibler" by "kullback leibler", "Sørensen" by "sorensen".
  const plain = (words) =>
    words.normalize("NFD").replace(/\p{M}/gu, "").replace(/[-‐-–]/g, " ").replace(/\s+/g, " ").toLowerCase().trim();

  const pairs = (list) => (list ? list.split(";").map((pair) => pair.split("=")) : []);

  // As cards on a narrow screen, rows are no table to some browsers unless they are told.
  function giveRoles(table) {
    table.setAttribute("role", "table");
    for (const part of [table.tHead, table.tBodies[0]]) part.setAttribute("role", "rowgroup");
    for (const row of table.rows) row.setAttribute("role", "row");
    for (const title of table.tHead.rows[0].cells) title.setAttribute("role", "columnheader");
    for (const row of table.tBodies[0].rows)
      for (const cell of row.cells) cell.setAttribute("role", cell.scope === "row" ? "rowheader" : "cell");
  }

  // A button in the head of each column that has an order. changed: called after each click.
  function sorting(table, rows, changed) {
    const titles = Array.from(table.tHead.rows[0].cells);
    const sort = (column, direction) => {
      for (const title of titles) title.removeAttribute("aria-sort");
      if (direction) titles[column].setAttribute("aria-sort", direction);
      const key = (row) => row.cells[column].dataset.sort ?? text(row.cells[column]).trim();
      const sign = direction === "descending" ? -1 : 1;
      table.tBodies[0].append(...(direction ? rows.toSorted((a, b) => sign * collator.compare(key(a), key(b))) : rows));
    };
    titles.forEach((title, column) => {
      // Formulas have no order that a reader would look for.
      if (rows.some((row) => row.cells[column].querySelector(".katex") && !row.cells[column].dataset.sort)) return;
      const button = element("button", { type: "button", className: "gp-sort" }, ...title.childNodes);
      title.append(button);
      button.addEventListener("click", () => {
        sort(column, { ascending: "descending", descending: "" }[title.ariaSort] ?? "ascending");
        changed();
      });
    });
    const sortable = (column) => titles[column]?.querySelector("button");
    return {
      // As it stands in an address: the number of a column, and "up" or "down".
      write: () => {
        const column = titles.findIndex((title) => title.ariaSort);
        return column < 0 ? "" : `${column}${titles[column].ariaSort === "descending" ? "down" : "up"}`;
      },
      read: (value) => {
        const [, column, way] = /^(\d+)(up|down)$/.exec(value ?? "") ?? [];
        if (sortable(column)) sort(column, way === "up" ? "ascending" : "descending");
        else sort(0, "");
      },
    };
  }

  // The fields above a table. Each has a name, and a value that is "" where nothing is asked.
  function fields(table, rows) {
    const made = new Map([["find", element("input", { type: "search", autocomplete: "off", spellcheck: false })]]);
    const shown = [element("label", {}, "Find ", made.get("find"))];
    for (const [name, title] of pairs(table.dataset.choices)) {
      const values = Array.from(new Set(rows.map((row) => row.dataset[name]).filter(Boolean)));
      if (values.length < 2) continue;
      const choice = element("select", {}, new Option("all", ""), ...values.map((value) => new Option(value, value)));
      made.set(name, choice);
      shown.push(element("label", {}, `${title} `, choice));
    }
    const boxes = pairs(table.dataset.marks).map(([value, title]) => [element("input", { type: "checkbox", value }), title]);
    if (boxes.length) {
      const labels = boxes.map(([box, title]) => element("label", {}, box, ` ${title}`));
      shown.push(element("fieldset", { className: "gp-marks" }, element("legend", {}, "Only with"), ...labels));
    }
    return { named: made, boxes: boxes.map(([box]) => box), shown };
  }

  function enliven(table, first) {
    if (table.dataset.live !== undefined) return;
    table.dataset.live = "";
    const rows = Array.from(table.tBodies[0].rows);
    const words = new Map(rows.map((row) => [row, plain(text(row))]));
    giveRoles(table);

    const { named, boxes, shown } = fields(table, rows);
    const count = element("p", { className: "gp-count" });
    count.setAttribute("role", "status");
    const all = element("button", { type: "button", className: "gp-all", hidden: true }, "Show all");
    const show = () => {
      const wanted = plain(named.get("find").value).split(" ");
      const marks = boxes.filter((box) => box.checked).map((box) => box.value);
      const chosen = Array.from(named).filter(([name, field]) => name !== "find" && field.value);
      let fitting = 0;
      for (const row of rows) {
        const has = row.dataset.has?.split(" ") ?? [];
        const fits =
          chosen.every(([name, field]) => row.dataset[name] === field.value) && marks.every((mark) => has.includes(mark));
        row.hidden = !(fits && wanted.every((word) => words.get(row).includes(word)));
        if (!row.hidden) fitting += 1;
      }
      count.textContent = fitting === rows.length ? `${fitting} rows` : `${fitting} of ${rows.length} rows`;
      all.hidden = fitting === rows.length;
    };

    // What is asked, in the address and back. A fragment without "=" is an anchor, and none of ours.
    const write = () => {
      if (!first) return;
      const asked = new URLSearchParams();
      for (const [name, field] of named) if (field.value.trim()) asked.set(name, field.value.trim());
      for (const box of boxes) if (box.checked) asked.append("with", box.value);
      if (order.write()) asked.set("sort", order.write());
      const fragment = asked.size ? `#${asked}` : "";
      if (!fragment && !location.hash.includes("=")) return;
      history.replaceState(history.state, "", location.pathname + location.search + fragment);
    };
    const read = () => {
      if (!location.hash.includes("=")) return;
      const asked = new URLSearchParams(location.hash.slice(1));
      for (const [name, field] of named) {
        field.value = asked.get(name) ?? "";
        if (field.value !== (asked.get(name) ?? "")) field.value = ""; // a choice that is not there
      }
      for (const box of boxes) box.checked = asked.getAll("with").includes(box.value);
      order.read(asked.get("sort"));
      show();
    };
    const order = sorting(table, rows, write);
    const changed = () => {
      show();
      write();
    };
    for (const field of named.values()) field.addEventListener(field.tagName === "SELECT" ? "change" : "input", changed);
    for (const box of boxes) box.addEventListener("change", changed);
    all.addEventListener("click", () => {
      for (const field of named.values()) field.value = "";
      for (const box of boxes) box.checked = false;
      changed();
      named.get("find").focus();
    });

    table.before(element("div", { className: "gp-tools" }, ...shown, count, all));
    show();
    if (first) {
      shared = { table, read };
      read();
    }
  }

  const start = () =>
    document.querySelectorAll("table[data-sortable]").forEach((table, n) => enliven(table, n === 0));
  addEventListener("hashchange", () => shared?.table.isConnected && shared.read());
  if (window.document$) window.document$.subscribe(start); // Material's instant navigation
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
