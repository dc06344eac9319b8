
"use strict";
(() => {
  const PAGE = 200;
  const root = document.documentElement;
  const id = (name) => document.getElementById(name);
  const findings = Array.from(document.querySelectorAll(".finding"));
  const form = id("filters"), text = id("text"), more = id("more"), help = id("help");
  const boxes = Array.from(form.querySelectorAll("input[type=checkbox]"));
  let texts = null;
  let matching = findings;
  let shown = 0;

  // Texts are gathered when the first letter is typed, as a large report has megabytes of them.
  const textOf = (at) => {
    texts ??= findings.map((finding) => finding.textContent.toLowerCase());
    return texts[at];
  };

  const show = (upTo) => {
    for (; shown < Math.min(upTo, matching.length); shown++) matching[shown].classList.add("shown");
    const left = matching.length - shown;
    more.hidden = left === 0;
    more.textContent = `Show ${Math.min(left, PAGE)} more`;
    const all = findings.length;
    id("shown").textContent = matching.length === all ? `${all} findings` : `${matching.length} of ${all} findings`;
  };

  const filter = () => {
    const wanted = {};
    for (const box of boxes) {
      wanted[box.name] ??= new Set();
      if (box.checked) wanted[box.name].add(box.value);
    }
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching.slice(0, shown).forEach((finding) => finding.classList.remove("shown"));
    matching = findings.filter((finding, at) =>
      Object.entries(wanted).every(([name, values]) => values.has(finding.dataset[name])) &&
      words.every((word) => textOf(at).includes(word)));
    shown = 0;
    show(PAGE);
  };

  const summaryOf = (finding) => finding.querySelector("summary");
  const current = () => matching.indexOf(document.activeElement?.closest?.(".finding"));
  const go = (at) => {
    if (at < 0 || at >= matching.length) return;
    if (at >= shown) show(at + PAGE);
    summaryOf(matching[at]).focus();
    matching[at].scrollIntoView({ block: "nearest" });
  };

  const escape = () => {
    const open = document.activeElement?.closest?.("details[open]");
    if (document.activeElement === text) {
      if (text.value) { text.value = ""; filter(); } else text.blur();
    } else if (open) open.open = false;
  };

  const keys = {
    j: () => go(current() + 1),
    k: () => go(current() < 0 ? 0 : current() - 1),
    "/": () => text.focus(),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    // The dialog closes itself.
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    if (event.key === "Escape") return escape();
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    const act = typing ? null : keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  let asked = 0;
  text.addEventListener("input", () => { cancelAnimationFrame(asked); asked = requestAnimationFrame(filter); });
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  more.addEventListener("click", () => { const at = shown; show(shown + PAGE); summaryOf(matching[at]).focus(); });
  id("keys").addEventListener("click", () => help.showModal());

  // A page from a file may have no storage.
  const stored = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("theme", value); } catch { /* it lasts as long as the page */ } } };
  const themes = ["system", "dark", "light"];
  const setTheme = (name) => {
    if (name === "system") delete root.dataset.theme; else root.dataset.theme = name;
    id("theme-name").textContent = name;
  };
  setTheme(themes.includes(stored.get()) ? stored.get() : "system");
  id("theme").addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme ?? "system") + 1) % themes.length];
    setTheme(next);
    stored.set(next);
  });

  // On paper everything that matches is there, and open.
  let opened = [];
  addEventListener("beforeprint", () => {
    show(matching.length);
    opened = matching.map((finding) => finding.querySelector("details")).filter((details) => !details.open);
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));

  const linked = () => {
    const at = matching.findIndex((finding) => `#${finding.id}` === location.hash);
    if (at >= 0) { go(at); matching[at].querySelector("details").open = true; }
  };
  addEventListener("hashchange", linked);

  filter();
  linked();
})();
