// One order: its progress as it happens, then what came of it.

import { compare, recall } from "./compare.js";

function showPictures() {
  for (const box of document.querySelectorAll("[data-compare]")) {
    if (location.hash) recall(box, location.hash.slice(1));
    compare(box);
  }
}

async function showResult() {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const result = page.querySelector("#order");
  if (!answer.ok || !result) return location.reload();
  document.querySelector("#order").replaceWith(result);
  document.title = page.title;
  showPictures();
  const heading = result.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** The picture as it is so far, as soon as the browser has it: none flickers, and none comes after a later one. */
async function showPreview(version) {
  const place = document.querySelector("#preview");
  if (!version || place.dataset.version === version) return;
  place.dataset.version = version;
  const image = new Image();
  image.alt = place.dataset.alt;
  image.src = `${place.dataset.src}?v=${version}`;
  try {
    await image.decode();
  } catch {
    return; // there is none any more: what comes next is the picture itself
  }
  if (place.dataset.version !== version) return;
  place.replaceChildren(image);
  place.hidden = false;
}

function watch(path) {
  const events = new EventSource(path); // which connects again by itself, and says what it saw last
  const show = ({ data }) => {
    const now = JSON.parse(data);
    const says = document.querySelector("#says");
    const bar = document.querySelector("#bar");
    if (says.textContent !== now.says) says.textContent = now.says;
    if (now.state === "running" && now.percent) bar.value = now.percent;
    showPreview(now.preview);
  };
  events.addEventListener("progress", show);
  events.addEventListener("end", () => {
    events.close();
    showResult();
  });
  events.addEventListener("error", () => {
    // It does not connect again by itself: Abby is being started anew, or somebody signed out. The page knows.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  });
}

const { events } = document.querySelector("#order").dataset;
if (events) watch(events);
showPictures();
