// Before and after: one picture over the other, with a slider for mouse, finger and keyboard between them.

export function compare(box) {
  const before = box.querySelector(".before");
  if (before.hidden || box.classList.contains("sliding")) return;
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = "0";
  slider.max = "100";
  slider.value = "50";
  slider.className = "compare-slider";
  slider.setAttribute("aria-label", box.dataset.label);
  const line = document.createElement("div");
  line.className = "compare-line";
  const move = () => box.style.setProperty("--at", `${slider.value}%`);
  slider.addEventListener("input", move);
  box.style.setProperty("--ratio", box.dataset.ratio);
  box.append(slider, line);
  box.classList.add("sliding");
  move();
}

// What this tab kept of a dropped picture, as the page where it was dropped left it.
export function recall(box, key) {
  const kept = sessionStorage.getItem("dropped") ?? "";
  const before = box.querySelector(".before");
  if (!kept.startsWith(`${key} `) || !before.hidden) return;
  const bytes = Uint8Array.from(atob(kept.slice(kept.indexOf(",") + 1)), (character) => character.charCodeAt(0));
  before.querySelector("img").src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  before.hidden = false;
}
