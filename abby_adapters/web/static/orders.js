// The list of orders, kept up to date while something is being made.

async function look() {
  const list = document.querySelector("#orders");
  if (!list.dataset.open) return;
  await new Promise((done) => setTimeout(done, Number(list.dataset.seconds) * 1000));
  if (!document.hidden && !list.contains(document.activeElement)) {
    const answer = await fetch(location.pathname);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    list.replaceWith(page.querySelector("#orders"));
  }
  look();
}

look();
