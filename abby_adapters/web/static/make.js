// The page where pictures are asked for: a picture may be dropped, and only what matters is shown.

const form = document.querySelector("#make");
const input = document.querySelector("#picture");
const card = document.querySelector("#source-card");
const strength = document.querySelector("#strength");

function showWhatMatters() {
  const picture = card.dataset.has !== "";
  form.dataset.doing = picture ? form.elements.doing.value : "words";
  document.querySelector("#strength-says").textContent = `${strength.value} %`;
}
form.addEventListener("change", showWhatMatters);
strength.addEventListener("input", showWhatMatters);

if (input) {
  const drop = document.querySelector("#drop");
  const shown = document.querySelector("#dropped");
  const undrop = document.querySelector("#undrop");

  function showPicture() {
    const file = input.files[0];
    if (shown.src) URL.revokeObjectURL(shown.src);
    shown.hidden = undrop.hidden = !file;
    card.dataset.has = file ? "dropped" : "";
    if (file) shown.src = URL.createObjectURL(file);
    else shown.removeAttribute("src");
    showWhatMatters();
  }

  input.addEventListener("change", showPicture);
  undrop.addEventListener("click", () => {
    input.value = "";
    showPicture();
    input.focus();
  });
  shown.addEventListener("error", () => { shown.hidden = true; }); // no picture, which Abby says when it is sent

  // Wherever on the page a file is let go of: beside the frame, the browser would leave the page and open it.
  const carriesFiles = (event) => event.dataTransfer.types.includes("Files");
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.remove("over");
    const file = [...event.dataTransfer.files].find((each) => each.type.startsWith("image/"));
    if (!file) return;
    const one = new DataTransfer();
    one.items.add(file);
    input.files = one.files;
    showPicture();
  });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    input.files = event.clipboardData.files;
    showPicture();
  });

  // Abby keeps no upload once its order has ended. To compare before and after, this tab keeps a small copy.
  const SIDE_MAX = 1280;
  form.addEventListener("submit", () => {
    if (!input.files[0] || !shown.naturalWidth) return;
    const scale = Math.min(1, SIDE_MAX / Math.max(shown.naturalWidth, shown.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(shown.naturalWidth * scale);
    canvas.height = Math.round(shown.naturalHeight * scale);
    canvas.getContext("2d").drawImage(shown, 0, 0, canvas.width, canvas.height);
    try {
      sessionStorage.setItem("dropped", `${form.elements.key.value} ${canvas.toDataURL("image/jpeg", 0.85)}`);
    } catch {
      // No room, or not allowed: then there is nothing to compare with.
    }
  });
  showPicture();
}

// Ctrl or Command with Enter sends, as in a chat.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// Whoever comes back by the browser's own button means another order, not the former one again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  const [key] = form.elements.key.value.split("-");
  form.elements.key.value = `${key}-${Date.now().toString(36)}`;
});

showWhatMatters();
