// What a page needs of a script: formulas that scroll are reached by keyboard, and so is all that only a mouse reaches;
// links to claims are copied by a button; proof scripts are shown in place.  Without it the page is complete.
(() => {
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  // What may scroll: formulas, and tables as Material wraps them.
  const BOXES = ".gp-formula, .gp-cell, .gp-right, .gp-alone > .gp-left, .md-typeset__scrollwrap";

  // Hundreds of formulas would be hundreds of stops for the tab key: only those that scroll are any.  A box that is
  // folded away has no size yet, and is looked at again when it has.
  const sizes = new ResizeObserver((entries) => {
    const scrolls = entries.map(({ target }) => target.scrollWidth > target.clientWidth);
    entries.forEach(({ target }, n) => (scrolls[n] ? (target.tabIndex = 0) : target.removeAttribute("tabindex")));
  });

  function measure() {
    sizes.disconnect();
    document.querySelectorAll(BOXES).forEach((box) => sizes.observe(box));
  }

  function copier(link) {
    if (!navigator.clipboard || link.nextElementSibling?.classList.contains("gp-copy-link")) return;
    const button = make("button", { type: "button", className: "gp-copy-link", textContent: "Copy link", ariaLive: "polite" });
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(link.href);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy link"), 2000);
    });
    link.after(button);
  }

  // Material opens its drawer and, on a phone, its search by labels, which no key reaches.
  function opener(label) {
    const name = { __drawer: "Navigation", __search: "Search" }[label.htmlFor];
    if (!name) return;
    const button = make("button", { type: "button", className: `${label.className} gp${label.htmlFor}`, ariaLabel: name });
    button.append(...label.childNodes);
    button.addEventListener("click", () => {
      document.getElementById(label.htmlFor).click();
      if (name === "Search") document.querySelector(".md-search__input").focus();
    });
    label.replaceWith(button);
  }

  // The file of a certificate is fetched when it is asked for: few read a proof script, and all would have to load it.
  async function showFile(fold) {
    const link = fold.querySelector("a[download]");
    if (!link || fold.querySelector("pre")) return;
    const pre = make("pre", { tabIndex: 0, role: "region", ariaLabel: link.textContent });
    pre.append(make("code", { textContent: "…" }));
    link.parentElement.after(pre);
    const answer = await fetch(link.href).catch(() => null);
    if (answer?.ok) pre.firstChild.textContent = await answer.text();
    else pre.remove(); // the link remains
  }

  document.addEventListener("click", ({ target }) => {
    const summary = target.closest?.(".gp-script > summary");
    if (summary) showFile(summary.parentElement);
  });

  // On the way back Material may scroll the page that is still shown, as far as that one goes, and would keep this as
  // the place: the place is kept here until the page is there.
  let place = null;

  function restore() {
    if (place?.href === location.href && place.state?.y >= 0) {
      history.replaceState(place.state, "");
      window.scrollTo(place.state.x, place.state.y);
    }
    place = null;
  }

  // Names and roles that Material leaves out.
  function names() {
    document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
    for (const bar of document.querySelectorAll("nav.md-code__nav:not([role])")) bar.setAttribute("role", "none");
  }

  function start() {
    measure();
    document.querySelectorAll(".gp-permalink").forEach(copier);
    document.querySelectorAll("label.md-header__button").forEach(opener);
    // On paper a link that leads elsewhere is followed by its address: assets/book.css.
    for (const link of document.querySelectorAll(".md-content a[href^='http']"))
      link.toggleAttribute("data-elsewhere", link.origin !== location.origin);
    names();
    restore();
  }

  document.fonts.addEventListener("loadingdone", measure); // a face that comes late makes a formula wider
  new MutationObserver(names).observe(document.documentElement, { childList: true, subtree: true });
  window.addEventListener("popstate", ({ state }) => (place = { href: location.href, state }));
  if (window.document$) window.document$.subscribe(start); // Material's instant navigation
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
