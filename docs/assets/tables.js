// Tables that can be sorted and filtered. Without this script they are complete, in the order of the sources.
(() => {
  const collator = new Intl.Collator("en", { numeric: true });

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

  function enliven(table) {
    if (table.dataset.live !== undefined) return;
    table.dataset.live = "";
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const titles = Array.from(table.tHead.rows[0].cells);
    const words = new Map(rows.map((row) => [row, text(row).toLowerCase().replace(/\s+/g, " ")]));

    // As cards on a narrow screen, rows are no table to some browsers unless they are told.
    table.setAttribute("role", "table");
    for (const part of [table.tHead, body]) part.setAttribute("role", "rowgroup");
    for (const row of table.rows) row.setAttribute("role", "row");
    for (const title of titles) title.setAttribute("role", "columnheader");
    for (const row of rows)
      for (const cell of row.cells) cell.setAttribute("role", cell.scope === "row" ? "rowheader" : "cell");

    titles.forEach((title, column) => {
      // Formulas have no order that a reader would look for.
      if (rows.some((row) => row.cells[column].querySelector(".katex") && !row.cells[column].dataset.sort)) return;
      const key = (row) => row.cells[column].dataset.sort ?? text(row.cells[column]).trim();
      const button = element("button", { type: "button", className: "gp-sort" }, ...title.childNodes);
      title.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: "" }[title.ariaSort] ?? "ascending";
        for (const other of titles) other.removeAttribute("aria-sort");
        if (next) title.setAttribute("aria-sort", next);
        const sign = next === "descending" ? -1 : 1;
        const sorted = next ? rows.toSorted((a, b) => sign * collator.compare(key(a), key(b))) : rows;
        body.append(...sorted);
      });
    });

    const field = element("input", { type: "search", autocomplete: "off", spellcheck: false });
    const kinds = Array.from(new Set(rows.map((row) => row.dataset.kind).filter(Boolean)));
    const choice = element("select", {}, new Option("all", ""), ...kinds.map((kind) => new Option(kind, kind)));
    const count = element("p", { className: "gp-count" });
    count.setAttribute("role", "status");
    const tools = element("div", { className: "gp-tools" }, element("label", {}, "Find ", field));
    if (kinds.length > 1) tools.append(element("label", {}, `${table.dataset.kinds ?? "Verdict"} `, choice));
    tools.append(count);
    table.before(tools);

    const show = () => {
      const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const fits = !choice.value || row.dataset.kind === choice.value;
        row.hidden = !(fits && wanted.every((word) => words.get(row).includes(word)));
        if (!row.hidden) shown += 1;
      }
      count.textContent = shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
    };
    field.addEventListener("input", show);
    choice.addEventListener("change", show);
    show();
  }

  const start = () => document.querySelectorAll("table[data-sortable]").forEach(enliven);
  if (window.document$) window.document$.subscribe(start); // Material's instant navigation
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
