// Galleries with a script: choosing many, going on by scrolling, stars without a new page, keys. None of it is needed.

import { compare } from "./compare.js";

for (const box of document.querySelectorAll("[data-compare]")) compare(box);
const selection = document.getElementById("selection");
if (selection?.querySelector(".selected-bar")) chooseMany(selection);
if (selection) goOn(selection);
markFavourites();
turnPages();
copyTexts();
filterAtOnce();

/** Choosing: a bar appears with the first, Shift chooses a row, Escape chooses none. */
function chooseMany(form) {
  const bar = form.querySelector(".selected-bar");
  const told = bar.querySelector("output");
  let last = null;

  const boxes = () => [...form.querySelectorAll("input[name=picture]")];
  const tell = () => {
    const count = boxes().filter((box) => box.checked).length;
    bar.classList.toggle("open", count > 0);
    form.classList.toggle("choosing", count > 0);
    told.textContent = count === 1 ? told.dataset.one : told.dataset.many.replace("#", count);
  };
  const clear = () => {
    for (const box of boxes()) box.checked = false;
    tell();
  };

  form.addEventListener("click", (event) => {
    if (event.target.name !== "picture") return;
    const all = boxes();
    if (event.shiftKey && last) {
      const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
      for (const box of all.slice(Math.max(0, from), to + 1)) box.checked = event.target.checked;
    }
    last = event.target;
    tell();
  });
  form.addEventListener("change", tell);
  bar.querySelector("[data-clear]")?.addEventListener("click", clear);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.target.closest("details[open]")) clear();
  });
  form.addEventListener("keydown", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "x") tile.querySelector("input[name=picture]")?.click();
    else if (event.key === "f") tile.querySelector(".tile-star")?.click();
    else if (event.key === "ArrowRight") step(tile, 1, event);
    else if (event.key === "ArrowLeft") step(tile, -1, event);
  });
  window.addEventListener("pageshow", tell);
  tell();
}

/** To the next picture or the one before, by key. */
function step(tile, by, event) {
  const tiles = [...tile.parentElement.children];
  const next = tiles[tiles.indexOf(tile) + by]?.querySelector(".tile-link");
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** Going on: what is older comes as soon as the end comes into view. */
function goOn(form) {
  const watched = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watched.disconnect();
    const link = document.getElementById("older");
    if (!link) return;
    try {
      const answer = await fetch(link.href, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      form.querySelector(".tiles").append(...page.querySelectorAll(".tiles > .tile"));
      form.querySelector(".more").replaceWith(page.querySelector(".more") ?? "");
      watch();
    } catch {
      // Then the link stays, and says the same.
    }
  }, { rootMargin: "900px" });
  const watch = () => {
    const link = document.getElementById("older");
    if (link) watched.observe(link);
  };
  watch();
}

/** A star is set where it is; without an answer it stays as it was. */
function markFavourites() {
  document.addEventListener("click", async (event) => {
    const star = event.target.closest(".tile-star");
    if (!star) return;
    event.preventDefault();
    const on = star.getAttribute("aria-pressed") !== "true";
    const address = new URL(star.formAction);
    address.searchParams.set("on", on ? "1" : "0");
    star.setAttribute("aria-pressed", String(on));
    const answer = await fetch(address, { method: "POST", headers: { "x-from-script": "1" } }).catch(() => null);
    if (!answer?.ok) star.setAttribute("aria-pressed", String(!on));
  });
}

/** Beside one picture: the arrow keys lead to the next and the one before. */
function turnPages() {
  if (!document.getElementById("showcase")) return;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, summary")) return;
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    const link = rel && document.querySelector(`.turn a[rel=${rel}]`);
    if (link) location.assign(link.href);
  });
}

/** A filter that is tapped holds at once. By keys one passes many before the right one, and presses the button. */
function filterAtOnce() {
  const form = document.querySelector("form.filters");
  if (!form) return;
  let byKeys = false;
  form.addEventListener("keydown", () => { byKeys = true; });
  form.addEventListener("pointerdown", () => { byKeys = false; });
  form.addEventListener("change", (event) => {
    if (!byKeys && event.target.type !== "search") form.requestSubmit();
  });
}

/** A text that has to be copied: one button does it. */
function copyTexts() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        document.execCommand("copy"); // where there is no secure connection, browsers have the old way alone
      }
      button.textContent = button.dataset.copied;
    });
  }
}
