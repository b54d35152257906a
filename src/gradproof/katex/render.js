// What gradproof.typeset asks KaTeX for: in QuickJS while the site is built, in the worker of the live page.
// The result travels as JSON: QuickJS hands a long concatenated string to Python only in flat form.
globalThis.gradproofTypeset = function (latex, display) {
  const options = {displayMode: display, throwOnError: true, strict: "error", output: "htmlAndMathml",
    macros: {"\\mbox": "\\text{#1}"}};
  try { return JSON.stringify({html: katex.renderToString(latex, options)}); }
  catch (error) { return JSON.stringify({error: error.message}); }
};
