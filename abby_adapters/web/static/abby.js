// What every page does a little more nicely with a script than without. No page needs it.

document.documentElement.classList.add("has-script");

// A form that has nothing else to say is sent as soon as something is chosen in it.
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// One menu at a time; Escape, or a click elsewhere, closes it.
const menus = [...document.querySelectorAll("details.menu")];
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus.filter((each) => each.open)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A notice is said once: not again when the page is loaded anew or kept as a bookmark.
const address = new URL(location.href);
if (address.searchParams.has("said")) {
  address.searchParams.delete("said");
  address.searchParams.delete("n");
  history.replaceState(history.state, "", address);
}

// Where not all tabs fit, the one that is open is in sight.
const tab = document.querySelector(".tabs [aria-current]");
if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;

// Buttons that undo nothing ask first: data-ask holds the question.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.ask ?? event.target.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A form is sent once, however often its button is pressed. A button with data-stays answers with a file: the page stays
// where it is, and its form may be sent again.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method === "get" || event.submitter?.dataset.stays === "yes") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
