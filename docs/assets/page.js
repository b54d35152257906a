// What a page needs of a script: formulas that scroll are reached by keyboard, links to claims are copied by a button.
// Without it the page is complete.
(() => {
  const SCROLLS = ".gp-formula, .gp-cell, .gp-right, .gp-left";

  // Hundreds of formulas would be hundreds of stops for the tab key: only those that scroll are any.
  function stops(root) {
    for (const box of root.querySelectorAll(SCROLLS)) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  function copier(link) {
    if (!navigator.clipboard || link.nextElementSibling?.classList.contains("gp-copy")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "gp-copy";
    button.textContent = "Copy link";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(link.href);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy link"), 2000);
    });
    button.setAttribute("aria-live", "polite");
    link.after(button);
  }

  // Material's drawer and search open by labels, which a mouse reaches; Enter on a focused label is Material's own.
  function labels() {
    for (const label of document.querySelectorAll(".md-header__button[for]")) {
      label.tabIndex = 0;
      label.setAttribute("role", "button");
      label.setAttribute("aria-label", { __drawer: "Open the navigation", __search: "Search" }[label.htmlFor] ?? label.title);
    }
  }

  // On paper a link that leads elsewhere is followed by its address: assets/book.css.
  function away() {
    for (const link of document.querySelectorAll(".md-content a[href^='http']"))
      link.toggleAttribute("data-elsewhere", link.origin !== location.origin);
  }

  function start() {
    away();
    stops(document);
    document.querySelectorAll(".gp-permalink").forEach(copier);
    labels();
  }

  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => stops(document), 200);
  });
  // The event does not rise, but it can be caught on its way down.
  addEventListener("toggle", (event) => event.target.matches?.("details") && stops(event.target), true);

  if (window.document$) window.document$.subscribe(start); // Material's instant navigation
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
